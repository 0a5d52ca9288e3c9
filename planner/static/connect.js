// Connecting: Xero's page opens by itself once its address is known; an address is copied by its button.
"use strict";

document.addEventListener("htmx:after:swap", () => {
  const link = document.querySelector("[data-open-now]");
  if (link) {
    link.removeAttribute("data-open-now");
    window.open(link.href, "_blank", "noopener");
  }
});
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
  button.textContent = "Copied";
});
