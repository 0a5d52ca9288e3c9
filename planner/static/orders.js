// Purchase orders in the browser: choosing orders, the approval dialog, and edits in place that are saved or say that
// they are not: what was typed stays in the field and in this browser until it is saved.
"use strict";

const RETRY_AFTER = 3000;
const orderRoot = () => document.getElementById("order");
const forgeryToken = () => JSON.parse(document.body.getAttribute("hx-headers:inherited") ?? "{}")["X-Desk-Token"] ?? "";

// ---- choosing orders in the list -------------------------------------------------------------------------------
const chosenBoxes = () => [...document.querySelectorAll(".orders input[name=seen]:checked")];
function amountsOf(boxes) {
  const cents = new Map();
  for (const box of boxes) {
    const value = Math.round(Number(box.dataset.amount) * 100);
    cents.set(box.dataset.currency, (cents.get(box.dataset.currency) ?? 0) + value);
  }
  const written = (value) => (value / 100).toLocaleString("en-GB", { minimumFractionDigits: 2 });
  return [...cents].map(([currency, value]) => `${written(value)} ${currency}`).join(" + ");
}
function showChosen() {
  const button = document.getElementById("approve-chosen");
  if (!button) return;
  const boxes = chosenBoxes();
  button.disabled = !boxes.length;
  button.textContent = boxes.length ? `Approve ${boxes.length} order${boxes.length > 1 ? "s" : ""} · ${amountsOf(boxes)}` : "Approve";
  const all = document.querySelector("[data-choose-all]");
  const every = document.querySelectorAll(".orders input[name=seen]");
  if (all) {
    all.checked = every.length > 0 && boxes.length === every.length;
    all.disabled = !every.length;
  }
}
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-choose-all]")) {
    for (const box of document.querySelectorAll(".orders input[name=seen]")) box.checked = event.target.checked;
  }
  if (event.target.matches("[data-choose-all], .orders input[name=seen]")) showChosen();
});

// The list and its tabs after something changed; ticks stay.
function refreshList() {
  const lines = document.getElementById("lines");
  if (!lines) return;
  const ticked = new Set(chosenBoxes().map((box) => box.value.split(":")[0]));
  const address = `${location.pathname.replace(/\/$/, "")}/list${location.search}${location.search ? "&" : "?"}order=`;
  fetch(address, { headers: { "HX-Request": "true" } }).then(async (answer) => {
    if (!answer.ok) return;
    const part = new DOMParser().parseFromString(await answer.text(), "text/html");
    const tabs = part.getElementById("order-tabs");
    if (tabs) {
      tabs.removeAttribute("hx-swap-oob");
      document.getElementById("order-tabs")?.replaceWith(tabs);
    }
    lines.replaceChildren(...part.body.childNodes);
    htmx.process(lines);
    for (const box of document.querySelectorAll(".orders input[name=seen]")) box.checked = ticked.has(box.value.split(":")[0]);
    showChosen();
    markOpenRow();
  }, () => {});
}

// ---- the approval dialog ---------------------------------------------------------------------------------------
const dialog = document.getElementById("approve");
document.addEventListener("htmx:after:swap", (event) => {
  const target = event.detail.ctx?.target;
  if (dialog && target === dialog) {
    if (!dialog.open) dialog.showModal();
    document.getElementById("approve-title")?.focus();
    if (dialog.querySelector("[data-done]")) dialog.dataset.done = "yes";
  }
  if (target === document.getElementById("lines")) showChosen();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close-dialog]")) dialog.close();
  if (event.target.closest("[data-print]")) {
    if (document.getElementById("panel")) location.href = `${orderRoot().dataset.address}#print`;
    else window.print();
  }
});
dialog?.addEventListener("close", () => {
  const isDone = dialog.dataset.done;
  delete dialog.dataset.done;
  dialog.replaceChildren();
  if (!isDone) return;
  refreshList();
  if (orderRoot()) showAsItIs();
});
// Esc closes the dialog, not the panel behind it.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && dialog?.open) event.stopImmediatePropagation();
}, true);

// ---- edits in place --------------------------------------------------------------------------------------------
const fieldKey = (field) => `${field.dataset.save} ${field.dataset.product ?? ""} ${field.name}`;
const storageKey = () => `desk unsaved ${orderRoot().dataset.address}`;
const fields = () => [...(orderRoot()?.querySelectorAll(".edit") ?? [])];
const isDirty = (field) => field.value !== field.dataset.saved;
const unsavedValues = () => Object.fromEntries(fields().filter(isDirty).map((field) => [fieldKey(field), field.value]));
let isSending = false;
let retryTimer = 0;

// What is typed and not saved, kept in this browser: a reload, an ended session or a stopped desk does not lose it.
function keepUnsaved() {
  if (!orderRoot()) return;
  const unsaved = unsavedValues();
  try {
    if (Object.keys(unsaved).length) localStorage.setItem(storageKey(), JSON.stringify(unsaved));
    else localStorage.removeItem(storageKey());
  } catch { /* a browser that keeps nothing still has the fields */ }
}
function unsavedKept() {
  try {
    return JSON.parse(localStorage.getItem(storageKey()) ?? "{}");
  } catch {
    return {};
  }
}
function sayAt(field, sentence, kind) {
  const id = `${field.id}-says`;
  document.getElementById(id)?.remove();
  field.removeAttribute("aria-describedby");
  field.removeAttribute("aria-invalid");
  field.dataset.state = kind;
  if (!sentence) return;
  const says = document.createElement("span");
  says.id = id;
  says.className = `edit-says ${kind}`;
  says.textContent = sentence;
  field.after(says);
  field.setAttribute("aria-describedby", id);
  if (kind === "wrong") field.setAttribute("aria-invalid", "true");
}
function sayInOrder(kind, sentence, ...buttons) {
  const says = document.getElementById("order-says");
  const text = document.createElement("p");
  text.className = kind;
  text.textContent = sentence;
  for (const [word, act] of buttons) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = word;
    button.addEventListener("click", act);
    text.append(document.createElement("br"), button);
  }
  says.replaceChildren(text);
  return text;
}

// The order as an answer of the desk has it, in place of what is shown; what is typed and not saved stays, and so does
// the focus.
function showOrder(html) {
  const kept = unsavedValues();
  const focused = document.activeElement?.id;
  const open = [...orderRoot().querySelectorAll("details[open] > summary")].map((one) => one.textContent);
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("order");
  if (!fresh) return;
  orderRoot().replaceWith(fresh);
  htmx.process(fresh);
  for (const summary of fresh.querySelectorAll("details > summary")) summary.parentElement.open = open.includes(summary.textContent);
  putBack(kept);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}
function putBack(kept) {
  for (const field of fields()) {
    const typed = kept[fieldKey(field)];
    if (typed !== undefined && typed !== field.dataset.saved) {
      field.value = typed;
      field.dataset.state = "waits";
    }
  }
  keepUnsaved();
}
async function showAsItIs() {
  const answer = await fetch(`${orderRoot().dataset.address}/body`, { headers: { "HX-Request": "true" } });
  if (!answer.ok) return;
  showOrder(await answer.text());
  sayUnsaved("This is the order as it is now. ", "typed");
}
function sayUnsaved(before, typed) {
  const { length } = fields().filter(isDirty);
  if (!length) return;
  sayInOrder("waits", `${before}${length} value${length > 1 ? "s" : ""} that you ${typed} ${length > 1 ? "are" : "is"} not saved.`,
    ["Save what I typed", () => saveNext()], ["Take what is there", takeSaved]);
}
function takeSaved() {
  for (const field of fields()) {
    field.value = field.dataset.saved;
    sayAt(field, "", "");
  }
  keepUnsaved();
  document.getElementById("order-says").replaceChildren();
}

// One field at a time, since each edit carries the version that the one before it made.
async function saveNext() {
  const field = fields().find((one) => isDirty(one) && one.getAttribute("aria-invalid") !== "true");
  if (isSending || !field) return;
  isSending = true;
  clearTimeout(retryTimer);
  const typed = field.value;
  const root = orderRoot();
  const form = new URLSearchParams({ version: root.dataset.version, [field.name]: typed, idem: (field.dataset.idem ??= crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`) });
  if (field.dataset.product !== undefined) form.set("product", field.dataset.product);
  sayAt(field, "", "saving");
  let answer = null;
  try {
    answer = await fetch(`${root.dataset.address}/${field.dataset.save}`, { method: "POST", body: form, headers: { "HX-Request": "true", "X-Desk-Token": forgeryToken() } });
  } catch { /* said below */ }
  const text = answer ? await answer.text().catch(() => "") : "";
  isSending = false;
  if (!root.isConnected) return;
  if (answer?.ok) {
    field.dataset.saved = typed;
    delete field.dataset.idem;
    showOrder(text);
    keepUnsaved();
    refreshList();
    saveNext();
  } else if (answer && [409, 422, 400].includes(answer.status)) {
    delete field.dataset.idem;
    if (answer.status === 422) sayAt(field, text, "wrong");
    else {
      sayAt(field, "Not saved.", "waits");
      sayInOrder("problem", text, ["Show the order as it is now", () => showAsItIs()]);
    }
  } else if (answer && [401, 403].includes(answer.status)) {
    sayAt(field, "Not saved yet.", "waits");
    sayInOrder("problem", `${text} What you typed is kept in this browser.`, ["Reload the page", () => location.reload()]);
  } else {
    sayAt(field, "Not saved, retrying.", "waits");
    retryTimer = setTimeout(saveNext, RETRY_AFTER);
  }
}
// A number is typed over, as in a spreadsheet.
document.addEventListener("focusin", (event) => {
  if (event.target.matches(".edit.number")) event.target.select();
});
document.addEventListener("input", (event) => {
  if (!event.target.matches(".edit")) return;
  event.target.removeAttribute("aria-invalid");
  delete event.target.dataset.idem;
  keepUnsaved();
});
document.addEventListener("change", (event) => {
  if (event.target.matches(".edit")) saveNext();
});
document.addEventListener("keydown", (event) => {
  if (!event.target.matches?.(".edit")) return;
  if (event.key === "Enter") {
    event.preventDefault();
    saveNext();
  } else if (event.key === "Escape" && isDirty(event.target)) {
    event.stopImmediatePropagation();
    event.target.value = event.target.dataset.saved;
    sayAt(event.target, "", "");
    keepUnsaved();
  }
}, true);
document.addEventListener("click", (event) => {
  const take = event.target.closest("[data-take]");
  if (!take) return;
  const field = document.getElementById(take.dataset.take);
  field.value = take.dataset.value;
  saveNext();
});
addEventListener("online", () => saveNext());

// The forms of an order: their answers replace the order, their refusals are said in it, and nothing typed is lost.
let keptOverForm = {};
document.addEventListener("htmx:before:swap", (event) => {
  const ctx = event.detail.ctx;
  if (ctx && ctx.target === orderRoot()) keptOverForm = unsavedValues();
});
document.addEventListener("htmx:after:swap", (event) => {
  const target = event.detail.ctx?.target;
  if (target?.id === "order") {
    putBack(keptOverForm);
    refreshList();
    document.getElementById("order-says")?.scrollIntoView({ block: "nearest" });
  } else if (target?.id === "panel") restoreKept();
});
document.addEventListener("htmx:response:error", (event) => {
  const ctx = event.detail.ctx;
  const source = ctx?.sourceElement;
  if (dialog?.contains(source) && [409, 422].includes(ctx.response.status)) event.stopImmediatePropagation();
  else if (orderRoot()?.contains(source) && ctx.text && [400, 409, 422].includes(ctx.response.status)) {
    event.stopImmediatePropagation();
    const again = ctx.response.status === 409 ? [["Show the order as it is now", () => showAsItIs()]] : [];
    sayInOrder("problem", ctx.text, ...again).scrollIntoView({ block: "nearest" });
  }
}, true);

function restoreKept() {
  if (!orderRoot()) return;
  putBack(unsavedKept());
  sayUnsaved("", "typed earlier");
}
restoreKept();
showChosen();
if (location.hash === "#print") window.print();

// While something is at work, nothing more is sent: the button waits with it.
document.addEventListener("htmx:after:swap", () => {
  const button = document.getElementById("send-now");
  if (button) button.disabled = Boolean(document.querySelector("#sent-now progress"));
});
