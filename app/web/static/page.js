// On every page: "/" goes to the search box.
const box = document.querySelector("[data-search]");

const typing = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  event.preventDefault();
  box?.focus();
  box?.select();
});
