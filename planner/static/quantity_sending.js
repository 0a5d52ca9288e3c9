// Quantities typed for the plan: kept in the browser until they are saved, sent until they are, and never lost.
// A page that shows quantities says by `quantityPage` how: as fields of a table, or as cells of a spreadsheet.
"use strict";

const planLines = document.getElementById("lines");
const storageKey = `desk typed ${planLines?.dataset.keptFor ?? ""}`;
const RETRY_MOST = 15000;
const MOST_SENT = 2000;
const quantityPage = {
  show: () => {}, // the state of a product: nothing, or what is typed and what became of it
  saved: () => {}, // the server's answer on a product that it saved
  isBeingTyped: () => false,
  answering: () => {},
  answered: () => {},
};
let memory = {};
let retryAfter = 1000;
let retryTimer = 0;
let sending = Promise.resolve();
let undoable = [];
let isUndoing = false;

// What is typed and not saved yet, by product: {typed, seen, state, sentence, present, cents}.
function typedNow() {
  try {
    return JSON.parse(localStorage.getItem(storageKey)) ?? {};
  } catch {
    return memory;
  }
}
function storeTyped(all) {
  memory = all;
  try {
    if (Object.keys(all).length) localStorage.setItem(storageKey, JSON.stringify(all));
    else localStorage.removeItem(storageKey);
  } catch {
    // a browser that keeps nothing: what is typed lasts as long as the page
  }
}
function keepTyped(product, entry) {
  const all = typedNow();
  if (entry) all[product] = entry;
  else delete all[product];
  storeTyped(all);
}
function say(sentence) {
  document.getElementById("said").textContent = sentence;
}

// Sending: one request after the other, so that what was typed last is what is saved last.
function submit(product, { typed, seen }) {
  return submitAll([{ product, typed, seen }]);
}
function submitAll(edits) {
  const all = typedNow();
  for (const { product, typed, seen } of edits) all[product] = { typed, seen, state: "sent" };
  storeTyped(all);
  for (const { product } of edits) quantityPage.show(product, all[product]);
  sending = sending.then(() => sendAll(edits.map(({ product }) => product)));
  return sending;
}
async function sendAll(products) {
  const all = typedNow();
  const sent = products.filter((product) => all[product]).map((product) => ({ product, ...all[product] }));
  for (let at = 0; at < sent.length; at += MOST_SENT) {
    const part = sent.slice(at, at + MOST_SENT);
    let response, text;
    try {
      response = await post(part);
      text = await response.text();
    } catch {
      waitWith(sent.slice(at), "The desk does not answer. What you typed is kept here, and is saved as soon as it does.");
      return;
    }
    if (await isToWait(response, sent.slice(at))) return;
    understand(response, text, part, at === 0);
  }
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
const isAnswer = (response) => response.headers.get("content-type")?.startsWith("application/json");

// Whether nothing was decided about what was sent, so that it has to be sent again.
async function isToWait(response, sent) {
  if (isAnswer(response)) return false;
  if ([401, 403].includes(response.status) && (response.status === 401 || (await isNewSession()))) {
    waitWith(sent, response.status === 401 ? "Your session has ended: sign in in another tab. What you typed is kept, and is saved then." : "");
    return true;
  }
  if (response.status < 500 && response.status !== 429) return false;
  waitWith(sent, "The desk could not save it just now. What you typed is kept here, and is tried again.");
  return true;
}
function understand(response, text, sent, isFirst) {
  if (isFirst) undoable = [];
  if (isAnswer(response)) {
    retryAfter = 1000;
    showAnswer(JSON.parse(text), sent, isFirst);
    return;
  }
  const all = typedNow();
  for (const one of sent) refuse(all, one, { outcome: "refused", sentence: text });
  storeTyped(all);
  for (const { product } of sent) quantityPage.show(product, all[product]);
  say(text);
}
function showAnswer(answer, sent, isFirst) {
  const all = typedNow();
  quantityPage.answering();
  answer.results.forEach((result, at) => {
    if (result.outcome === "saved") settleSaved(all, sent[at], result);
    else if (refuse(all, sent[at], result)) quantityPage.show(sent[at].product, all[sent[at].product]);
  });
  storeTyped(all);
  document.getElementById("total").innerHTML = answer.total;
  document.getElementById("undo").hidden = undoable.length === 0;
  const isBack = isUndoing && answer.results.every(({ outcome }) => outcome === "saved");
  if (isUndoing && isFirst) isUndoing = false;
  if (isBack) {
    undoable = [];
    document.getElementById("undo").hidden = true;
    const count = answer.results.length;
    say(`Undone: ${count.toLocaleString("en-GB")} ${count === 1 ? "quantity is" : "quantities are"} as before.`);
  } else say(isFirst ? answer.said : `${document.getElementById("said").textContent} ${answer.said}`);
  quantityPage.answered();
  document.dispatchEvent(new CustomEvent("desk:quantities"));
}
function settleSaved(all, one, result) {
  const { product } = one;
  const isTypedOn = Boolean(all[product]) && all[product].typed !== one.typed;
  if (isTypedOn) all[product] = { ...all[product], seen: result.quantity };
  else delete all[product];
  if (result.before !== result.quantity) undoable.push({ product, typed: result.before, seen: result.quantity });
  quantityPage.saved(result, isTypedOn);
}
// Whether a refusal still matters: not if something else was typed meanwhile.
function refuse(all, one, { outcome, sentence, quantity, cents }) {
  const now = all[one.product];
  if (now && now.typed !== one.typed) return false;
  all[one.product] = { typed: one.typed, seen: one.seen, state: outcome, sentence, present: quantity, cents };
  return true;
}

// Waiting: what could not be sent is tried again, soon at first, and at once when the network comes back.
function waitWith(sent, sentence) {
  const all = typedNow();
  for (const { product } of sent) if (all[product]) all[product] = { ...all[product], state: "waiting" };
  storeTyped(all);
  for (const { product } of sent) quantityPage.show(product, all[product]);
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

// What a page finds that an earlier one left unsaved: shown again, and sent if it had not come back.
function restore() {
  const all = typedNow();
  let isAnyWaiting = false;
  for (const [product, entry] of Object.entries(all)) {
    if (["typing", "sent"].includes(entry.state) && !quantityPage.isBeingTyped(product)) all[product] = { ...entry, state: "waiting" };
    isAnyWaiting ||= all[product].state === "waiting";
  }
  storeTyped(all);
  for (const [product, entry] of Object.entries(all)) quantityPage.show(product, entry);
  if (isAnyWaiting) retry();
}

if (planLines?.dataset.save) {
  document.getElementById("undo").addEventListener("click", () => {
    const back = undoable;
    document.getElementById("undo").hidden = true;
    sending = sending.then(() => (isUndoing = true));
    submitAll(back).then(() => (isUndoing = false));
  });
  addEventListener("online", retry);
  document.addEventListener("visibilitychange", () => document.hidden || retry());
}
