// Curves of the screens: lines over weeks, or of one amount over another; colours and legend come from the page.
"use strict";

const perCent = (share) => `${+(share * 100).toFixed(1)}%`;
const amount = (value) => value.toLocaleString("en-GB", { maximumFractionDigits: Math.abs(value) < 10 ? 2 : 0 });

function styleOf(box, key) {
  const mark = box.parentElement.querySelector(`.key.${key}`) ?? box.parentElement.querySelector(".legend");
  return getComputedStyle(mark).color;
}

function markHere(plot, place, colour) {
  if (!place) return;
  const { ctx } = plot;
  const x = plot.valToPos(place[0], "x", true);
  const y = plot.valToPos(place[1], "y", true);
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colour;
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.beginPath();
  ctx.arc(x, y, 7 * devicePixelRatio, 0, 2 * Math.PI);
  ctx.stroke();
  ctx.font = `600 ${12 * devicePixelRatio}px system-ui, sans-serif`;
  const isRight = x > plot.bbox.left + plot.bbox.width * 0.75;
  ctx.textAlign = isRight ? "right" : "left";
  ctx.fillText("you are here", x + (isRight ? -12 : 12) * devicePixelRatio, y + 16 * devicePixelRatio);
  ctx.restore();
}

// A range with some room around what is shown; shares end at 100%.
function rangeOf(data) {
  return (_, low, high) => {
    if (low == null) return [0, 1];
    const room = (high - low) * 0.12 || Math.abs(high) * 0.05 || 1;
    return data.y === "share" ? [Math.max(0, low - room), Math.min(1, high + room) + 0.0001] : [Math.max(0, low - room), high + room];
  };
}

function plotOptions(box, data) {
  const text = getComputedStyle(box.parentElement.querySelector(".legend")).color;
  const grid = { stroke: getComputedStyle(box).borderTopColor, width: 1 };
  const axis = { stroke: text, grid, ticks: { show: false }, font: smallFont, labelFont: smallFont, labelSize: 16 };
  const written = data.y === "share" ? perCent : amount;
  return {
    padding: [12, 16, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: Boolean(data.time), range: data.time ? undefined : (_, low, high) => [low * 0.95, high * 1.05] }, y: { range: rangeOf(data) } },
    axes: [
      { ...axis, space: 64, label: data.xLabel, values: (_, splits) => splits.map(data.time ? dayOf : amount) },
      { ...axis, size: 60, label: data.yLabel, values: (_, splits) => splits.map(written) },
    ],
    series: [
      {},
      ...data.series.map(({ key, label }, at) => ({
        label, spanGaps: true, stroke: styleOf(box, key), width: at ? 1.5 : 2, dash: at ? [6, 4] : [],
        points: { show: !data.time, size: at ? 5 : 7, fill: styleOf(box, key) },
      })),
    ],
    hooks: { draw: [(plot) => markHere(plot, data.here, text)] },
  };
}

function drawPlot(box) {
  const data = JSON.parse(box.dataset.plot);
  if (data.x.length < 2) return;
  plotInto(box, plotOptions(box, data), [data.x, ...data.series.map(({ values }) => values)]);
}
keepDrawn(".plot", drawPlot);
