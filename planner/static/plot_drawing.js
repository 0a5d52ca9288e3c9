// Pictures drawn with uPlot: each box once, again in the other theme, and always as wide as its place.
"use strict";

const HEIGHT_OF_PLOT = 260;
const smallFont = "11px system-ui, sans-serif";
const dayOf = (at) => new Date(at * 1000).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

function plotInto(box, options, series) {
  const inUtc = (at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC");
  const plot = new uPlot({ width: box.clientWidth, height: HEIGHT_OF_PLOT, tzDate: inUtc, ...options }, series, box);
  let width = box.clientWidth;
  new ResizeObserver(() => {
    if (box.isConnected && box.clientWidth !== width) {
      width = box.clientWidth;
      plot.setSize({ width, height: HEIGHT_OF_PLOT });
    }
  }).observe(box);
  box.dataset.drawn = "yes";
}

// What a page shows of a selector's boxes is drawn now, after each swap, and anew when the colours change.
function keepDrawn(selector, draw) {
  const drawAll = () => {
    for (const box of document.querySelectorAll(`${selector}:not([data-drawn])`)) draw(box);
  };
  drawAll();
  document.addEventListener("htmx:after:swap", drawAll);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const box of document.querySelectorAll(`${selector}[data-drawn]`)) {
      box.replaceChildren();
      draw(box);
    }
  });
}
