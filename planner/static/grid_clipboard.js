// Pasting, copying and filling down in the sheet of the plan: AG Grid Community has none of it.
"use strict";

let anchor = null;

const isInSheet = () => document.getElementById("sheet")?.contains(document.activeElement) ?? false;
const isEditing = () => grid.getEditingCells().length > 0;

function selectedInOrder() {
  const found = [];
  grid.forEachNodeAfterFilterAndSort((node) => node.isSelected() && found.push(node));
  return found;
}

// A column of numbers goes downwards from the cell; one number goes into all rows that are marked.
function paste(text) {
  const cell = grid.getFocusedCell();
  const lines = text.replaceAll(/\r\n?/g, "\n").replace(/\n+$/, "").split("\n");
  if (cell?.column.getColId() !== "order") return "Nothing was pasted: go to a cell of the column Order first.";
  if (lines.some((line) => line.includes("\t"))) return "Nothing was pasted: copy one column of quantities, not several.";
  const marked = selectedInOrder();
  const into = lines.length === 1 && marked.length > 1 ? marked : lines.map((_, at) => grid.getDisplayedRowAtIndex(cell.rowIndex + at)).filter(Boolean);
  const pairs = into.map((node, at) => [node.data, lines.length === 1 ? lines[0] : lines[at]]).filter(([, typed]) => typed.trim() !== "");
  if (pairs.length === 0) return "Nothing was pasted: what was copied is empty.";
  const left = lines.length > into.length ? lines.length - into.length : 0;
  takeTyped(pairs);
  return left ? `${units(left)} ${left === 1 ? "quantity" : "quantities"} found no row below, and went nowhere.` : "";
}
// The first marked row's quantity goes into the others; with one row marked, that of the row above goes into it.
function fillDown() {
  const marked = selectedInOrder();
  const at = grid.getFocusedCell()?.rowIndex ?? 0;
  const [first, ...others] = marked.length > 1 ? marked : [grid.getDisplayedRowAtIndex(at - 1), grid.getDisplayedRowAtIndex(at)];
  if (!first) return "Nothing was filled down: mark the rows first, with Shift and ↓.";
  takeTyped(others.map((node) => [node.data, first.data.order]));
  return "";
}
function copied() {
  const cell = grid.getFocusedCell();
  const marked = selectedInOrder();
  const nodes = marked.length > 1 ? marked : [grid.getDisplayedRowAtIndex(cell.rowIndex)];
  const useFormatter = cell.column.getColId() === "status";
  return nodes.map((rowNode) => grid.getCellValue({ rowNode, colKey: cell.column, useFormatter }) ?? "").join("\n");
}
// Shift and an arrow mark the rows between where it began and where it is.
function mark(step) {
  const cell = grid.getFocusedCell();
  const to = cell.rowIndex + step;
  if (!grid.getDisplayedRowAtIndex(to)) return;
  anchor ??= cell.rowIndex;
  const [from, until] = [Math.min(anchor, to), Math.max(anchor, to)];
  const nodes = Array.from({ length: until - from + 1 }, (_, at) => grid.getDisplayedRowAtIndex(from + at));
  grid.deselectAll();
  grid.setNodesSelected({ nodes, newValue: true });
  grid.ensureIndexVisible(to);
  grid.setFocusedCell(to, cell.column);
}
function tellAfter(sentence) {
  if (!sentence) return;
  say(sentence);
  sending = sending.then(() => {
    const said = document.getElementById("said").textContent;
    if (!said.includes(sentence)) say(`${said} ${sentence}`);
  });
}
function onKey(event) {
  if (!grid || !isInSheet() || isEditing()) return;
  const isCommand = event.ctrlKey || event.metaKey;
  const isDown = event.key === "ArrowDown";
  if (isCommand && event.key.toLowerCase() === "d") tellAfter(fillDown());
  else if (isCommand && event.key.toLowerCase() === "z") document.querySelector("#undo:not([hidden])")?.click();
  else if (event.shiftKey && (isDown || event.key === "ArrowUp") && grid.getFocusedCell()) mark(isDown ? 1 : -1);
  else {
    if (event.key !== "Shift" && !isCommand) anchor = null;
    return;
  }
  event.preventDefault();
  event.stopPropagation();
}

if (document.getElementById("sheet")) {
  if (planLines.dataset.save) {
    document.addEventListener("paste", (event) => {
      const text = event.clipboardData.getData("text/plain");
      if (!grid || !isInSheet() || (isEditing() && !text.trim().includes("\n"))) return;
      event.preventDefault();
      if (isEditing()) grid.stopEditing(true);
      tellAfter(paste(text));
    });
    document.addEventListener("keydown", onKey, { capture: true });
  }
  document.addEventListener("copy", (event) => {
    if (!grid || !isInSheet() || isEditing() || !grid.getFocusedCell() || !window.getSelection().isCollapsed) return;
    event.preventDefault();
    event.clipboardData.setData("text/plain", copied());
  });
}
