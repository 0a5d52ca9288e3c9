// Settings: the focus follows what a form becomes, and Esc or Back closes it.
"use strict";

document.addEventListener("htmx:after:swap", (event) => {
  const target = event.detail.ctx?.target;
  const root = target?.isConnected ? target : document.querySelector("#settings, #one-offs, #events, #product-settings");
  const wanted = root?.querySelector("[data-focus]");
  if (!wanted || document.activeElement?.matches("input[type=search]")) return;
  wanted.focus();
  if (wanted.matches("input:not([type=checkbox], [type=date])")) wanted.select();
});

function closeEditor(editor) {
  const place = editor.parentElement;
  editor.remove();
  document.querySelector(`.act a[hx-target="#${CSS.escape(place.id)}"]`)?.focus();
}
document.addEventListener("click", (event) => {
  const editor = event.target.closest("[data-close-editor]")?.closest("[data-editor]");
  if (editor) closeEditor(editor);
});
document.addEventListener("keydown", (event) => {
  const editor = event.key === "Escape" ? event.target.closest("[data-editor]") : null;
  if (!editor || !document.getElementById("tip").hidden) return;
  event.stopPropagation(); // Esc closes the form, not the panel around it
  closeEditor(editor);
}, { capture: true });

document.querySelector(".edit [data-focus]")?.focus();
