// The plan as a spreadsheet: AG Grid shows the lines; what is typed goes the way of each quantity (`quantity_sending.js`).
"use strict";

const styleNonce = document.currentScript.nonce;
const sheet = document.getElementById("sheet");
const rows = new Map();
const changed = new Set();
const MOST_TROUBLES = 100;
const WORDS = { waiting: "Not saved, retrying", sent: "Saving …", refused: "Not saved", overtaken: "Changed by somebody else", saved: "Saved" };
let grid = null;

const units = (value) => (value === null || value === undefined ? "–" : Number(value).toLocaleString("en-GB", { maximumFractionDigits: 4 }));
const amount = (value) => (value ?? 0).toLocaleString("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const daysLeft = ({ days_left: days, status }) => (days === null ? (status === "not_planned" ? "–" : "lasts") : days === 0 ? "out" : units(days));
const asTyped = (value) => Number((value ?? 0).toFixed(4)).toString();
const asNumber = (typed) => Number(String(typed).replaceAll(",", "")) || 0;

// What is typed and what became of it.
function typedInto(row, text) {
  const typed = text.trim();
  if (typed !== row.seen) return { product: row.code, typed, seen: row.seen };
  keepTyped(row.code, null);
  showRow(row.code, null);
  return null;
}
function takeTyped(pairs) {
  const edits = pairs.map(([row, text]) => typedInto(row, text)).filter(Boolean);
  if (edits.length > 1) say(`Saving ${units(edits.length)} quantities …`);
  if (edits.length) submitAll(edits);
}
function showRow(product, entry) {
  const row = rows.get(product);
  if (!row) return;
  row.order = entry ? entry.typed : row.seen;
  Object.assign(row, { state: entry?.state ?? "", sentence: entry?.sentence ?? "", present: entry?.present });
  if (entry?.cents) row.value = Number(entry.cents) / 100;
  refreshSoon(product);
}
function showSavedRow(result, isTypedOn) {
  const row = rows.get(result.product);
  if (!row) return;
  row.seen = result.quantity;
  row.value = Number(result.cents) / 100;
  if (!isTypedOn) Object.assign(row, { order: result.quantity, state: "saved", sentence: "" });
  refreshSoon(result.product);
}
function refreshSoon(product) {
  if (changed.size === 0) requestAnimationFrame(refresh);
  changed.add(product);
}
function refresh() {
  const nodes = [...changed].map((product) => grid?.getRowNode(product)).filter(Boolean);
  changed.clear();
  grid?.refreshCells({ rowNodes: nodes, columns: ["order", "value", "state"], force: true });
  showTroubles();
}

// What was not saved, one below the other, each with what can be done about it.
function showTroubles() {
  const troubled = [...rows.values()].filter(({ state }) => state === "refused" || state === "overtaken");
  const place = document.getElementById("troubles");
  place.hidden = troubled.length === 0;
  document.getElementById("troubles-title").textContent = `${units(troubled.length)} ${troubled.length === 1 ? "quantity was" : "quantities were"} not saved`;
  const items = troubled.slice(0, MOST_TROUBLES).map(troubleOf);
  if (troubled.length > MOST_TROUBLES) {
    const more = document.createElement("li");
    more.textContent = `… and ${units(troubled.length - MOST_TROUBLES)} more, marked in the sheet.`;
    items.push(more);
  }
  place.querySelector("ul").replaceChildren(...items);
}
function troubleOf(row) {
  const item = document.createElement("li");
  const code = document.createElement("span");
  code.className = "code";
  code.textContent = row.code;
  item.append(code, ` ${row.sentence} `);
  if (row.state === "overtaken") {
    item.append(button(`Keep ${row.present}`, row, () => settle(row, row.present)), " ");
    item.append(button(`Save ${row.order}`, row, () => submit(row.code, { typed: row.order, seen: row.present })));
  } else {
    item.append(button(`Back to ${row.seen}`, row, () => settle(row, row.seen)));
  }
  return item;
}
function button(text, row, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.setAttribute("aria-label", `${text}: ${row.code}`);
  made.addEventListener("click", () => {
    act();
    focusOrder(row);
  });
  return made;
}
function settle(row, quantity) {
  row.seen = quantity;
  keepTyped(row.code, null);
  showRow(row.code, null);
}
function focusOrder(row) {
  const { rowIndex } = grid.getRowNode(row.code);
  grid.ensureIndexVisible(rowIndex);
  grid.setFocusedCell(rowIndex, "order");
}

// The sheet itself.
function columnsOf({ headings, meanings, statuses }) {
  const isNarrow = narrow.matches;
  const column = (field, more) => ({ field, headerName: headings[field], headerTooltip: meanings[field] || undefined, ...more });
  const number = (field, more) => column(field, { type: "rightAligned", valueFormatter: ({ value }) => units(value), width: 96, ...more });
  const named = (field, more) => column(field, { tooltipField: field, valueFormatter: ({ value }) => value || "–", ...more });
  return [
    named("code", { pinned: isNarrow ? null : "left", width: isNarrow ? 96 : 124, cellClass: "code" }),
    named("name", { flex: 2, minWidth: isNarrow ? 110 : 170 }),
    named("supplier", { flex: 1, minWidth: 120, hide: isNarrow }),
    column("status", { width: 132, hide: isNarrow, valueFormatter: ({ value }) => statuses[value] ?? value, cellClass: ({ value }) => `status ${value}` }),
    number("stock", { width: 84, hide: isNarrow }),
    number("on_order", { hide: isNarrow }),
    number("days_left", { hide: isNarrow, valueFormatter: ({ data }) => daysLeft(data), comparator: byDays }),
    number("planned", { width: 116, hide: isNarrow }),
    number("order", { width: isNarrow ? 88 : 104, ...quantityCell }),
    number("value", { width: 118, valueFormatter: ({ value, data }) => (data.currency ? `${amount(value)} ${data.currency}` : amount(value)) }),
    ...(planLines.dataset.save ? [stateColumn] : []),
  ];
}
const byDays = (one, other) => Math.min(one ?? 1e9, 1e9) - Math.min(other ?? 1e9, 1e9);
const byState = Object.fromEntries(Object.keys(WORDS).map((state) => [state, ({ data }) => data.state === state]));
const quantityCell = {
  editable: Boolean(planLines.dataset.save), cellEditor: "agTextCellEditor", cellEditorParams: { maxLength: 500 },
  cellClass: ["ag-right-aligned-cell", "ordered-cell"], cellClassRules: byState,
  comparator: (one, other) => asNumber(one) - asNumber(other),
  valueFormatter: ({ value, data }) => (value === data.seen ? units(value) : value),
  valueSetter: ({ data, newValue }) => {
    takeTyped([[data, String(newValue ?? "")]]);
    return true;
  },
};
const stateColumn = {
  colId: "state", headerName: "Saving", flex: 1, minWidth: 130, headerTooltip: "What became of the quantity that was typed.",
  valueGetter: ({ data }) => [WORDS[data.state], data.sentence].filter(Boolean).join(": "),
  tooltipValueGetter: ({ value }) => value, cellClass: "saving-cell", cellClassRules: byState,
};
function themeOf() {
  const variable = (name) => `var(--${name})`;
  return agGrid.themeQuartz.withParams({
    backgroundColor: variable("ground"), foregroundColor: variable("text"), headerBackgroundColor: variable("quiet"), headerTextColor: variable("text"),
    chromeBackgroundColor: variable("quiet"), borderColor: variable("line"), accentColor: variable("accent"), rowHoverColor: variable("hover"),
    selectedRowBackgroundColor: variable("selected"), tooltipBackgroundColor: variable("raised"), tooltipTextColor: variable("text"),
    inputBackgroundColor: variable("raised"), inputTextColor: variable("text"), checkboxUncheckedBorderColor: variable("edge"),
    browserColorScheme: "inherit", fontFamily: "inherit", fontSize: 14, headerFontWeight: 650, wrapperBorder: false, wrapperBorderRadius: 0,
    cellHorizontalPadding: 10, rowHeight: document.documentElement.dataset.rows === "compact" ? 28 : 34, headerHeight: 36, columnBorder: { color: variable("line") },
  });
}
function makeSheet(answer) {
  const { values } = answer;
  const names = Object.keys(values);
  const lines = values.code.map((code, at) => {
    const row = { seen: "", state: "", sentence: "" };
    for (const name of names) row[name] = values[name][at];
    row.order = row.seen = asTyped(row.order);
    rows.set(code, row);
    return row;
  });
  grid = agGrid.createGrid(sheet, {
    rowData: lines, columnDefs: columnsOf(answer), getRowId: ({ data }) => data.code, styleNonce, theme: themeOf(),
    defaultColDef: { sortable: true, resizable: true, suppressHeaderMenuButton: true },
    rowSelection: { mode: "multiRow", enableClickSelection: true, checkboxes: true, headerCheckbox: true, selectAll: "filtered" },
    selectionColumnDef: { pinned: narrow.matches ? null : "left", width: 44 },
    enterNavigatesVertically: true, enterNavigatesVerticallyAfterEdit: true, stopEditingWhenCellsLoseFocus: true, ensureDomOrder: true,
    suppressColumnVirtualisation: true, suppressDragLeaveHidesColumns: true, animateRows: false, tooltipShowDelay: 400,
    // Tab leaves the sheet, as arrows go through it; in an editor it goes on to the next quantity.
    tabToNextCell: ({ editing, nextCellPosition }) => (editing ? nextCellPosition : false),
    onCellEditingStopped: ({ data, valueChanged }) => valueChanged || forgetTyping(data),
    onFirstDataRendered: () => (sheet.dataset.ready = "yes"),
  });
  grid.setGridAriaProperty("label", "Order plan");
  grid.setGridAriaProperty("describedby", "sheet-help");
}
// What stands in an editor is kept too, so that a reload before Enter loses nothing.
function keepTyping(event) {
  const [cell] = grid?.getEditingCells() ?? [];
  if (!cell || !event.target.matches("input") || !event.target.closest(".ag-cell")) return;
  const { data } = grid.getDisplayedRowAtIndex(cell.rowIndex);
  if (event.target.value.trim() !== data.seen) keepTyped(data.code, { typed: event.target.value, seen: data.seen, state: "typing" });
}
function forgetTyping({ code }) {
  if (typedNow()[code]?.state !== "typing") return;
  keepTyped(code, null);
  showRow(code, null);
}
async function readLines() {
  const answer = await fetch(planLines.dataset.lines).catch(() => null);
  if (answer?.ok && !answer.redirected) return answer.json();
  sheet.textContent = "The lines could not be read. Reload the page to try again.";
  return null;
}
async function begin() {
  sheet.textContent = "Reading the lines …";
  const answer = await readLines();
  if (!answer) return;
  sheet.textContent = "";
  makeSheet(answer);
  if (planLines.dataset.save) restore();
}

const narrow = matchMedia("(max-width: 760px)");
document.getElementById("filters").addEventListener("change", (event) => event.currentTarget.requestSubmit());
if (sheet) {
  Object.assign(quantityPage, {
    show: showRow, saved: showSavedRow,
    isBeingTyped: (product) => (grid?.getEditingCells() ?? []).some(({ rowIndex }) => grid.getDisplayedRowAtIndex(rowIndex).id === product),
  });
  sheet.addEventListener("input", keepTyping);
  sheet.addEventListener("keyup", keepTyping);
  begin();
}
