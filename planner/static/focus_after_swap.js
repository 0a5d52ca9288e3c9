// What came in place of what a person acted on takes the focus, if it says so.
"use strict";

document.addEventListener("htmx:after:swap", () => {
  const wanted = document.querySelector("[data-focus]");
  wanted?.removeAttribute("data-focus");
  wanted?.focus();
});
