// On every page: "/" goes to the search box, and formulas are copied as their LaTeX.
const box = document.querySelector("[data-search]");

const typing = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  event.preventDefault();
  box?.focus();
  box?.select();
});

document.addEventListener("copy", (event) => {
  const selection = document.getSelection();
  if (!selection || selection.isCollapsed || typing(event.target.parentElement ?? event.target)) return;
  const copied = selection.getRangeAt(0).cloneContents();
  const formulas = copied.querySelectorAll("math");
  if (formulas.length === 0) return;
  const box = document.createElement("div");
  box.className = "unseen";
  for (const formula of formulas) {
    const sign = formula.getAttribute("display") === "block" ? "$$" : "$";
    formula.replaceWith(sign + formula.getAttribute("title") + sign);
  }
  box.append(copied);
  document.body.append(box);
  event.clipboardData.setData("text/plain", box.innerText);
  event.preventDefault();
  box.remove();
});
