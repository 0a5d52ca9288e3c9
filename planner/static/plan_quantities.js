// Quantities typed in the fields of the plan; keeping and sending them is `quantity_sending.js`.
"use strict";

let fieldOf = findField;
function findField(product) {
  return planLines.querySelector(`input.quantity[data-product="${CSS.escape(product)}"]`);
}

// The state of a field beside it: waiting, refused with a sentence, overtaken with both values; or nothing.
function showState(product, entry) {
  const field = fieldOf(product);
  if (!field) return;
  const cell = field.closest("td");
  const mark = cell.querySelector(".plan-says");
  const isWaiting = entry?.state === "waiting";
  const isRefused = entry?.state === "refused" || entry?.state === "overtaken";
  if (entry) field.value = entry.typed;
  cell.querySelector(".trouble")?.remove();
  cell.classList.toggle("unsaved", isWaiting);
  cell.classList.toggle("refused", isRefused);
  if (isWaiting || isRefused) {
    mark.dataset.before ??= mark.textContent;
    mark.textContent = isWaiting ? "not saved, retrying" : "not saved";
  } else if (mark.dataset.before !== undefined) {
    mark.textContent = mark.dataset.before;
    delete mark.dataset.before;
  }
  field.toggleAttribute("aria-invalid", isRefused);
  field.removeAttribute("aria-describedby");
  if (isRefused) cell.append(troubleOf(product, entry, field));
}
function troubleOf(product, entry, field) {
  const trouble = document.createElement("div");
  const text = document.createElement("span");
  trouble.className = "trouble";
  trouble.id = "trouble-of-quantity";
  document.getElementById(trouble.id)?.removeAttribute("id");
  text.textContent = entry.sentence;
  trouble.append(text, document.createElement("br"));
  field.setAttribute("aria-describedby", trouble.id);
  if (entry.state === "overtaken") {
    trouble.append(button(`Keep ${entry.present}`, () => settle(product, entry.present)));
    trouble.append(button(`Save ${entry.typed}`, () => submit(product, { typed: entry.typed, seen: entry.present })));
  } else {
    trouble.append(button(`Back to ${field.dataset.seen}`, () => settle(product, field.dataset.seen)));
  }
  return trouble;
}
function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}
function settle(product, quantity) {
  const field = fieldOf(product);
  keepTyped(product, null);
  field.value = field.dataset.seen = quantity;
  say("");
  showState(product, null);
  field.focus();
}

function showSaved(result, isTypedOn) {
  const field = fieldOf(result.product);
  if (!field) return;
  field.dataset.seen = result.quantity;
  if (!isTypedOn) field.value = result.quantity;
  showState(result.product, null);
  const row = field.closest("tr");
  const mark = row.querySelector(".plan-says");
  mark.textContent = result.mark;
  mark.toggleAttribute("data-tip", Boolean(result.tip));
  if (result.tip) mark.dataset.tip = result.tip;
  mark.toggleAttribute("tabindex", Boolean(result.tip));
  if (result.tip) mark.tabIndex = 0;
  field.classList.toggle("none", result.quantity === "0");
  const value = row.querySelector("td.c-order_value");
  if (value) value.textContent = result.value;
  const box = row.querySelector("input[name=product]");
  if (box) box.dataset.cents = result.cents;
}
// While many answers are shown, fields are looked up in a table made once.
function lookUpFields() {
  const fields = new Map([...planLines.querySelectorAll("input.quantity")].map((field) => [field.dataset.product, field]));
  fieldOf = (product) => fields.get(product);
}
Object.assign(quantityPage, {
  show: showState,
  saved: showSaved,
  isBeingTyped: (product) => fieldOf(product) !== null && fieldOf(product) === document.activeElement,
  answering: lookUpFields,
  answered: () => (fieldOf = findField),
});

if (planLines?.dataset.save) {
  planLines.addEventListener("input", (event) => {
    const field = event.target;
    if (!field.matches("input.quantity")) return;
    const { product, seen } = field.dataset;
    keepTyped(product, field.value.trim() === seen ? null : { typed: field.value, seen, state: "typing" });
  });
  planLines.addEventListener("change", (event) => {
    const field = event.target;
    if (!field.matches("input.quantity")) return;
    const { product, seen } = field.dataset;
    if (field.value.trim() === seen) settleQuietly(product);
    else submit(product, { typed: field.value, seen });
  });
  // A field is selected as a whole when it is gone into, by the pointer too: what is typed replaces it.
  let goneInto = null;
  planLines.addEventListener("focusin", (event) => {
    if (!event.target.matches("input.quantity")) return;
    goneInto = event.target;
    event.target.select();
  });
  planLines.addEventListener("mouseup", (event) => {
    if (event.target === goneInto) {
      event.preventDefault();
      goneInto.select();
    }
    goneInto = null;
  });
  planLines.addEventListener("keydown", (event) => {
    if (!event.target.matches("input.quantity")) return;
    const fields = [...planLines.querySelectorAll("input.quantity")];
    const at = fields.indexOf(event.target);
    if (event.key === "Enter") {
      event.preventDefault();
      const next = fields[at + (event.shiftKey ? -1 : 1)];
      if (next) next.focus();
      else event.target.blur();
    } else if (event.key === "Escape" && event.target.value !== event.target.dataset.seen) {
      event.stopPropagation();
      settle(event.target.dataset.product, event.target.dataset.seen);
    }
  });
  // A change of many quantities, after its preview: each is saved as if it were typed, and all are taken back at once.
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "apply-quantities") return;
    event.preventDefault();
    const [products, quantities, seen] = ["product", "quantity", "seen"].map((name) => new FormData(event.target).getAll(name));
    document.getElementById("dialog").close();
    say(`Saving ${products.length.toLocaleString("en-GB")} quantities …`);
    submitAll(products.map((product, at) => ({ product, typed: quantities[at], seen: seen[at] })));
  });
  document.addEventListener("htmx:after:swap", restore);
  restore();
}
function settleQuietly(product) {
  keepTyped(product, null);
  showState(product, null);
}
