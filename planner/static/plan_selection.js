// Which products are ticked, what they come to, and the dialog in which something is done with them.
"use strict";

const selection = document.getElementById("selection");
const dialog = document.getElementById("dialog");
const boxes = () => [...document.querySelectorAll("#lines input[name=product]")];
const money = (cents, currency) =>
  `${(cents / 100).toLocaleString("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 })} ${currency}`.trim();

function countSelection() {
  const shown = boxes();
  const ticked = shown.filter((box) => box.checked);
  const scroll = document.querySelector("#lines .scroll");
  const found = Number(scroll?.dataset.found ?? 0);
  const isAll = selection.elements.all.value !== "";
  const all = document.getElementById("select-shown");
  if (all) {
    all.checked = ticked.length > 0 && ticked.length === shown.length;
    all.indeterminate = ticked.length > 0 && ticked.length < shown.length;
  }
  const sums = new Map();
  for (const { dataset } of ticked) sums.set(dataset.currency, (sums.get(dataset.currency) ?? 0) + Number(dataset.cents));
  const worth = [...sums].filter(([, cents]) => cents).map(([currency, cents]) => money(cents, currency)).join(" + ");
  const count = isAll ? found : ticked.length;
  const value = isAll ? scroll.dataset.value : worth;
  document.getElementById("selected-words").textContent = `${count.toLocaleString("en-GB")} selected · ${value || "nothing to order"}`;
  document.getElementById("select-all").hidden = isAll || ticked.length < shown.length || found <= shown.length;
  document.getElementById("select-all").textContent = `Select all ${found.toLocaleString("en-GB")} that are found`;
  selection.hidden = count === 0;
  for (const box of shown) box.closest("tr").classList.toggle("ticked", box.checked);
}
function tickAll(isTicked) {
  for (const box of boxes()) box.checked = isTicked;
  if (!isTicked) selection.elements.all.value = "";
  countSelection();
}

if (selection) {
  let last = null;
  document.addEventListener("change", (event) => {
    if (event.target.id === "select-shown") tickAll(event.target.checked);
    else if (event.target.matches("#lines input[name=product]")) {
      selection.elements.all.value = "";
      countSelection();
    }
  });
  // Shift and a click tick all boxes in between.
  document.addEventListener("click", (event) => {
    if (!event.target.matches?.("#lines input[name=product]")) return;
    const shown = boxes();
    const [from, to] = [shown.indexOf(last), shown.indexOf(event.target)].sort((one, other) => one - other);
    if (event.shiftKey && from >= 0) {
      for (const box of shown.slice(from, to + 1)) box.checked = event.target.checked;
      countSelection();
    }
    last = event.target;
  });
  document.getElementById("select-none").addEventListener("click", () => tickAll(false));
  document.getElementById("select-all").addEventListener("click", () => {
    selection.elements.all.value = "1";
    countSelection();
  });
  document.addEventListener("htmx:after:swap", () => {
    // other lines are shown: what was found before is not what is found now
    if (!boxes().some((box) => box.checked)) selection.elements.all.value = "";
    if (selection.elements.all.value) for (const box of boxes()) box.checked = true;
    countSelection();
  });
  document.addEventListener("desk:quantities", countSelection);
  countSelection();
}

// The dialog opens when something was put into it, and says what was done once it is; when it closes, the lines behind
// it are read again.
if (dialog) {
  let doneTitle = null;
  document.addEventListener("htmx:after:swap", () => {
    const title = document.getElementById("dialog-title");
    if (document.getElementById("dialog-body").childElementCount && !dialog.open) {
      dialog.showModal();
      title?.focus();
    } else if (title?.hasAttribute("data-done") && title !== doneTitle) {
      title.focus();
    }
    doneTitle = title?.hasAttribute("data-done") ? title : null;
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close-dialog]")) dialog.close();
  });
  dialog.addEventListener("keydown", (event) => event.stopPropagation());
  dialog.addEventListener("close", () => {
    const isDone = document.querySelector("#dialog-body [data-done]") !== null;
    document.getElementById("dialog-body").replaceChildren();
    if (isDone) document.getElementById("filters").requestSubmit();
  });
}

// The order of the columns: a column goes up or down, and the button stays under the finger.
document.addEventListener("click", (event) => {
  const move = Number(event.target.closest?.("[data-move]")?.dataset.move ?? 0);
  if (!move) return;
  const item = event.target.closest("li");
  const other = move < 0 ? item.previousElementSibling : item.nextElementSibling;
  if (!other) return;
  if (move < 0) other.before(item);
  else other.after(item);
  event.target.closest("[data-move]").focus();
});
