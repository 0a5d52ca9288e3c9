// A product's chart: sales as bars, forecast as a line with its band, projected stock as a thin second line, days
// without stock as ground, arrivals as ticks. The colours come from the page, so that both themes fit.
"use strict";

function colour(box, name) {
  return getComputedStyle(box.parentElement.querySelector(`.key.${name}`)).color;
}

function shade(plot, data, paint) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = paint;
  for (const day of data.out) {
    const left = plot.valToPos(day, "x", true);
    ctx.fillRect(left, bbox.top, plot.valToPos(day + 86400, "x", true) - left + 0.5, bbox.height);
  }
  ctx.restore();
}

function mark(plot, data, arrival, text) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.lineWidth = devicePixelRatio * 2;
  ctx.strokeStyle = arrival;
  for (const [day] of data.arrivals) {
    const x = plot.valToPos(day, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x, bbox.top + bbox.height - 10 * devicePixelRatio);
    ctx.stroke();
  }
  const today = plot.valToPos(data.today, "x", true);
  ctx.lineWidth = devicePixelRatio;
  ctx.strokeStyle = text;
  ctx.fillStyle = text;
  ctx.setLineDash([4, 4]);
  ctx.beginPath();
  ctx.moveTo(today, bbox.top);
  ctx.lineTo(today, bbox.top + bbox.height);
  ctx.stroke();
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = "right";
  ctx.fillText("today", today - 4 * devicePixelRatio, bbox.top + 11 * devicePixelRatio);
  ctx.restore();
}

const fromZero = (_, low, high) => [0, Math.max(1, high ?? 1) * 1.05];

function options(box, data) {
  const text = getComputedStyle(box.parentElement.querySelector(".legend")).color;
  const grid = { stroke: colour(box, "out"), width: 1 };
  const axis = { stroke: text, grid, ticks: { show: false }, font: smallFont, labelFont: smallFont, labelSize: 16 };
  const band = colour(box, "expected").replace(/^rgb\((.*)\)$/, "rgba($1, 0.18)");
  const expected = colour(box, "expected");
  const sold = colour(box, "sold");
  const none = { points: { show: false } };
  return {
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: false } },
    scales: { x: { time: true }, y: { range: fromZero }, stock: { range: fromZero } },
    axes: [
      { ...axis, space: 64, values: (_, splits) => splits.map(dayOf) },
      { ...axis, size: 48, label: "units" },
      { ...axis, scale: "stock", side: 1, size: 44, label: "stock", stroke: colour(box, "stock"), grid: { show: false } },
    ],
    bands: [{ series: [3, 4], fill: band }],
    series: [
      {},
      { ...none, stroke: sold, fill: sold, paths: uPlot.paths.bars({ size: [0.72, 14], align: 1 }) },
      { ...none, stroke: expected, width: 2 },
      { ...none, stroke: "transparent" },
      { ...none, stroke: "transparent" },
      { ...none, scale: "stock", stroke: colour(box, "stock"), width: 1, paths: uPlot.paths.stepped({ align: 1 }) },
    ],
    hooks: {
      drawClear: [(plot) => shade(plot, data, colour(box, "out"))],
      draw: [(plot) => mark(plot, data, colour(box, "arrival"), text)],
    },
  };
}

function draw(box) {
  const data = JSON.parse(box.dataset.chart);
  if (!data.x.length) {
    box.textContent = "No sales and no forecast yet.";
    return;
  }
  plotInto(box, options(box, data), [data.x, data.sold, data.expected, data.high, data.low, data.stock]);
}
keepDrawn(".chart", draw);
