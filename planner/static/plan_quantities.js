// Quantities typed in the plan: saved as they are typed, kept in the browser until they are, and never lost.
"use strict";

const planLines = document.getElementById("lines");
const storageKey = `desk typed ${planLines?.dataset.keptFor ?? ""}`;
const RETRY_MOST = 15000;
let memory = {};
let retryAfter = 1000;
let retryTimer = 0;
let sending = Promise.resolve();
let undoable = [];

// What is typed and not saved yet, by product: {typed, seen, state, sentence}.
function typedNow() {
  try {
    return JSON.parse(localStorage.getItem(storageKey)) ?? {};
  } catch {
    return memory;
  }
}
function keepTyped(product, entry) {
  const all = typedNow();
  if (entry) all[product] = entry;
  else delete all[product];
  memory = all;
  try {
    if (Object.keys(all).length) localStorage.setItem(storageKey, JSON.stringify(all));
    else localStorage.removeItem(storageKey);
  } catch {
    // a browser that keeps nothing: what is typed lasts as long as the page
  }
}

let fieldOf = findField;
function findField(product) {
  return planLines.querySelector(`input.quantity[data-product="${CSS.escape(product)}"]`);
}
function say(sentence) {
  document.getElementById("said").textContent = sentence;
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
  showState(product, null);
  field.focus();
}

// Sending: one request after the other, so that what was typed last is what is saved last.
function submit(product, { typed, seen }) {
  keepTyped(product, { typed, seen, state: "sent" });
  showState(product, typedNow()[product]);
  sending = sending.then(() => sendAll([product]));
  return sending;
}
async function sendAll(products) {
  const all = typedNow();
  const sent = products.filter((product) => all[product]).map((product) => ({ product, ...all[product] }));
  if (sent.length === 0) return;
  let response, text;
  try {
    response = await post(sent);
    text = await response.text();
  } catch {
    waitWith(sent, "The desk does not answer. What you typed is kept here, and is saved as soon as it does.");
    return;
  }
  await understand(response, text, sent);
}
function post(sent) {
  const body = new URLSearchParams();
  for (const one of sent) {
    body.append("product", one.product);
    body.append("quantity", one.typed);
    body.append("seen", one.seen);
  }
  const headers = { ...JSON.parse(document.body.getAttribute("hx-headers:inherited")), "HX-Request": "true" };
  return fetch(planLines.dataset.save + location.search, { method: "POST", headers, body, signal: AbortSignal.timeout(20000) });
}
async function understand(response, sentence, sent) {
  if (response.headers.get("content-type")?.startsWith("application/json")) {
    retryAfter = 1000;
    showAnswer(JSON.parse(sentence), sent);
    return;
  }
  if ([401, 403].includes(response.status) && (response.status === 401 || (await isNewSession()))) {
    waitWith(sent, response.status === 401 ? "Your session has ended: sign in in another tab. What you typed is kept, and is saved then." : "");
  } else if (response.status >= 500 || response.status === 429) {
    waitWith(sent, "The desk could not save it just now. What you typed is kept here, and is tried again.");
  } else {
    for (const one of sent) showRefused(one, { outcome: "refused", sentence });
    say(sentence);
  }
}
function showAnswer(answer, sent) {
  undoable = [];
  const fields = new Map([...planLines.querySelectorAll("input.quantity")].map((field) => [field.dataset.product, field]));
  fieldOf = (product) => fields.get(product);
  answer.results.forEach((result, at) => {
    if (result.outcome === "saved") showSaved(result, sent[at]);
    else showRefused(sent[at], result);
  });
  fieldOf = findField;
  document.getElementById("total").innerHTML = answer.total;
  document.getElementById("undo").hidden = undoable.length === 0;
  say(answer.said);
  document.dispatchEvent(new CustomEvent("desk:quantities"));
}
function showSaved(result, one) {
  const now = typedNow()[one.product];
  const isTypedOn = now && now.typed !== one.typed;
  keepTyped(one.product, isTypedOn ? { ...now, seen: result.quantity } : null);
  if (result.before !== result.quantity) undoable.push({ product: one.product, typed: result.before, seen: result.quantity });
  const field = fieldOf(one.product);
  if (!field) return;
  field.dataset.seen = result.quantity;
  if (!isTypedOn) field.value = result.quantity;
  showState(one.product, null);
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
function showRefused(one, result) {
  const now = typedNow()[one.product];
  if (now && now.typed !== one.typed) return;
  const { outcome, sentence, quantity } = result;
  const entry = { typed: one.typed, seen: one.seen, state: outcome, sentence, present: quantity };
  keepTyped(one.product, entry);
  showState(one.product, entry);
}

// Waiting: what could not be sent is tried again, soon at first, and at once when the network comes back.
function waitWith(sent, sentence) {
  const all = typedNow();
  for (const { product } of sent) {
    if (all[product]) keepTyped(product, { ...all[product], state: "waiting" });
    showState(product, typedNow()[product]);
  }
  if (sentence) say(`Not saved, retrying. ${sentence}`);
  clearTimeout(retryTimer);
  retryTimer = setTimeout(retry, retryAfter);
  retryAfter = Math.min(retryAfter * 2, RETRY_MOST);
}
function retry() {
  clearTimeout(retryTimer);
  sending = sending.then(async () => {
    const waiting = Object.entries(typedNow()).filter(([, entry]) => entry.state === "waiting");
    if (waiting.length === 0) return;
    if (document.getElementById("said").textContent.includes("session")) await isNewSession();
    await sendAll(waiting.map(([product]) => product));
  });
}
// Whether somebody signed in again meanwhile: the page then writes with the word of the new session.
async function isNewSession() {
  const answer = await fetch(location.href).catch(() => null);
  if (!answer || answer.redirected || !answer.ok) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const word = page.body.getAttribute("hx-headers:inherited");
  const isSamePerson = page.getElementById("lines")?.dataset.keptFor === planLines.dataset.keptFor;
  const isNew = isSamePerson && word !== document.body.getAttribute("hx-headers:inherited");
  if (isNew) document.body.setAttribute("hx-headers:inherited", word);
  return isNew;
}

function restore() {
  const all = typedNow();
  for (const [product, entry] of Object.entries(all)) {
    if (["typing", "sent"].includes(entry.state) && fieldOf(product) !== document.activeElement) {
      keepTyped(product, { ...entry, state: "waiting" });
    }
    showState(product, typedNow()[product]);
  }
  if (Object.values(typedNow()).some((entry) => entry.state === "waiting")) retry();
}

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
  document.getElementById("undo").addEventListener("click", () => {
    const back = undoable;
    document.getElementById("undo").hidden = true;
    for (const { product, typed, seen } of back) keepTyped(product, { typed, seen, state: "sent" });
    sending = sending.then(() => sendAll(back.map(({ product }) => product)));
  });
  // A change of many quantities, after its preview: each is saved as if it were typed, and all are taken back at once.
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "apply-quantities") return;
    event.preventDefault();
    const [products, quantities, seen] = ["product", "quantity", "seen"].map((name) => new FormData(event.target).getAll(name));
    products.forEach((product, at) => keepTyped(product, { typed: quantities[at], seen: seen[at], state: "sent" }));
    document.getElementById("dialog").close();
    say(`Saving ${products.length.toLocaleString("en-GB")} quantities …`);
    sending = sending.then(() => sendAll(products));
  });
  document.addEventListener("htmx:after:swap", restore);
  addEventListener("online", retry);
  document.addEventListener("visibilitychange", () => document.hidden || retry());
  restore();
}
function settleQuietly(product) {
  keepTyped(product, null);
  showState(product, null);
}
