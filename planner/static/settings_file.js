// A file of settings: read here and sent as it is, first to see what it changes, then to save it.
"use strict";

const fileForm = document.querySelector("[data-file-form]");
const shown = document.getElementById("import");

async function sendFile(address, version) {
  const file = document.getElementById("file").files[0];
  if (!file) return;
  const query = new URLSearchParams({ name: file.name, ...(version === undefined ? {} : { version }) });
  const headers = JSON.parse(document.body.getAttribute("hx-headers:inherited"));
  const progress = document.createElement("progress");
  progress.setAttribute("aria-label", "Reading the file");
  shown.replaceChildren(progress);
  try {
    const data = await file.arrayBuffer();
    const answer = await fetch(`${address}?${query}`, {
      method: "POST", body: data, headers: { ...headers, "HX-Request": "true", "Content-Type": "text/csv" },
    });
    const text = await answer.text();
    shown.replaceChildren();
    if ((answer.headers.get("content-type") ?? "").startsWith("text/html")) {
      shown.innerHTML = text;
      htmx.process(shown); // so that what the plan would change appears when it is worked out
      shown.querySelector("[data-focus]")?.focus();
    } else tell(text);
  } catch {
    shown.replaceChildren();
    tell("The file could not be read or sent; nothing was changed. Choose it again, then try again.");
  }
}

fileForm?.addEventListener("submit", (event) => {
  event.preventDefault();
  sendFile(fileForm.dataset.preview);
});
shown?.addEventListener("click", (event) => {
  const button = event.target.closest("[data-save-file]");
  if (!button) return;
  button.disabled = true;
  sendFile(fileForm.dataset.save, button.dataset.version);
});
