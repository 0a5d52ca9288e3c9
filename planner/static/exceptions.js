// Exceptions: what came in place of what a person acted on takes the focus, and the button says how many are ticked.
"use strict";

document.addEventListener("htmx:after:swap", () => {
  const wanted = document.querySelector("[data-focus]");
  wanted?.removeAttribute("data-focus");
  wanted?.focus();
});

document.addEventListener("change", (event) => {
  if (event.target.name !== "ticked") return;
  const count = document.querySelectorAll('[name="ticked"]:checked').length;
  const words = count === 1 ? "1 exception" : `${count} exceptions`;
  document.querySelector("#snooze-several button").textContent = count ? `Snooze ${words}` : "Snooze the ticked ones";
});
