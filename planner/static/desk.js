// What the desk does in the browser beside htmx: tips, the panel, the keyboard, and saying when something fails.
"use strict";

// A sentence at the foot of the window, until it is read or closed.
function tell(sentence) {
  const toasts = document.getElementById("toasts");
  if ([...toasts.children].some((toast) => toast.firstChild.textContent === sentence)) return;
  const toast = document.createElement("div");
  const text = document.createElement("span");
  const close = document.createElement("button");
  toast.className = "toast";
  text.textContent = sentence;
  close.textContent = "Close";
  close.addEventListener("click", () => toast.remove());
  toast.append(text, close);
  toasts.append(toast);
  setTimeout(() => toast.remove(), 15000);
}

document.addEventListener("htmx:response:error", (event) => {
  const { response, sourceElement } = event.detail.ctx;
  if (sourceElement?.hasAttribute(`hx-status:${response.status}`)) return; // it shows the answer itself
  const isText = (response.headers?.get("content-type") ?? response.raw?.headers.get("content-type") ?? "").startsWith("text/plain");
  tell(isText && event.detail.ctx.text ? event.detail.ctx.text : "This did not work. Reload the page, then try again.");
});
document.addEventListener("htmx:error", (event) => {
  if (event.detail.ctx) tell("The desk does not answer; nothing was changed. It is tried again when you repeat this.");
});

// Tips: the sentence of `data-tip` at what the pointer or the keyboard is on; Esc hides it.
const tip = document.getElementById("tip");
let tipOf = null;
function showTip(element) {
  tipOf = element;
  tip.textContent = element.dataset.tip;
  tip.hidden = !element.dataset.tip;
  const box = element.getBoundingClientRect();
  const below = box.bottom + 6 + tip.offsetHeight < innerHeight;
  tip.style.left = `${Math.max(8, Math.min(box.left, innerWidth - tip.offsetWidth - 8))}px`;
  tip.style.top = `${below ? box.bottom + 6 : box.top - tip.offsetHeight - 6}px`;
}
function hideTip() {
  tip.hidden = true;
  tipOf = null;
}
for (const kind of ["mouseover", "focusin"]) {
  document.addEventListener(kind, (event) => {
    const element = event.target.closest?.("[data-tip]");
    if (kind === "focusin" && element && !element.matches(":focus-visible")) return;
    if (element && element !== tipOf) showTip(element);
    else if (!element && tipOf && kind === "mouseover") hideTip();
  });
}
document.addEventListener("focusout", hideTip);
document.addEventListener("scroll", hideTip, true);

// The panel beside a list, of a product or an order: which row it belongs to, closing it, the next and the previous one.
const panel = document.getElementById("panel");
const rowLinks = () => [...document.querySelectorAll(".plan tbody th.product a")];
const opens = panel?.dataset.opens ?? "product";
const codeOf = (link) => link.dataset.opens ?? new URL(link.href).searchParams.get("code");
function openCode() {
  return new URL(location.href).searchParams.get(opens);
}
function markOpenRow() {
  for (const link of rowLinks()) link.closest("tr").classList.toggle("open", codeOf(link) === openCode());
}
function closePanel() {
  const link = rowLinks().find((one) => codeOf(one) === openCode());
  panel.replaceChildren();
  const address = new URL(location.href);
  address.searchParams.delete(opens);
  history.pushState({ htmx: true }, "", address);
  markOpenRow();
  link?.focus();
}
function step(by) {
  const links = rowLinks();
  const at = links.findIndex((link) => codeOf(link) === openCode());
  const next = links[at + by];
  if (next) {
    next.click();
    next.scrollIntoView({ block: "nearest" });
  }
}
if (panel) {
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close-panel]")) closePanel();
  });
  document.addEventListener("htmx:after:swap", (event) => {
    markOpenRow();
    if (event.detail.ctx?.target === panel) {
      panel.scrollTop = 0;
      document.getElementById("panel-title")?.focus({ preventScroll: true });
    }
  });
  markOpenRow();
}

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.matches("input, select, textarea");
  if (event.key === "Escape") {
    const menu = document.querySelector("details.menu[open]");
    if (!tip.hidden) hideTip();
    else if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    } else if (panel?.childElementCount) closePanel();
  } else if (isTyping || event.ctrlKey || event.metaKey || event.altKey) {
    return;
  } else if (event.key === "/") {
    event.preventDefault();
    (document.getElementById("search") ?? document.getElementById("find"))?.focus();
  } else if (panel?.childElementCount && ["ArrowDown", "ArrowUp"].includes(event.key) && (panel.contains(event.target) || event.target === document.body || event.target.closest("th.product"))) {
    event.preventDefault();
    step(event.key === "ArrowDown" ? 1 : -1);
  }
});

// A menu closes when the pointer or the keyboard goes elsewhere.
for (const kind of ["click", "focusin"]) {
  document.addEventListener(kind, (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
}

document.querySelector(".reports [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// Signing in: the token stands behind # in the address, which a browser keeps to itself.
const signIn = document.getElementById("sign-in");
if (signIn && location.hash.length > 1) {
  signIn.elements.token.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname + location.search);
  signIn.submit();
}
