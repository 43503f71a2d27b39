/* Makes the parts of mdBook's pages that need a mouse usable by keyboard. */

const toggle = document.getElementById("mdbook-sidebar-toggle");
toggle.role = "button";
toggle.tabIndex = 0;
toggle.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" && event.key !== " ") return;
  event.preventDefault();
  toggle.click();
});

/* Tables and code that are wider than the page scroll, and can be focused for that. */
const watch = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
for (const region of document.querySelectorAll(".table-wrapper, pre > code")) watch.observe(region);
