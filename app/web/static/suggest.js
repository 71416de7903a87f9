// A search box that offers what goes on from what was typed: an ARIA combobox over a listbox.
// Without this file it is a plain input.  The list floats, so nothing on the page moves.
const WAIT_MS = 60;
const KINDS = { talk: "talk", paper: "paper", person: "person", series: "series", term: "term" };

const made = (tag, attributes, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

/** Give the box of one form its list. */
const offer = (form, number) => {
  const input = form.querySelector("input[name=q]");
  const id = `suggestions-${number}`;
  const list = made("ul", { id, role: "listbox", class: "suggestions", "aria-label": "Suggestions", hidden: "" });
  const count = made("span", { class: "unseen", role: "status" });
  form.append(list, count);
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": id,
  })) input.setAttribute(name, value);

  let asked = null;
  let timer = 0;
  let at = -1;
  let typed = input.value;

  const options = () => [...list.children];
  const isOpen = () => !list.hasAttribute("hidden");

  const mark = (place) => {
    at = place;
    options().forEach((option, n) => option.setAttribute("aria-selected", String(n === at)));
    const option = options()[at];
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else {
      input.removeAttribute("aria-activedescendant");
    }
    input.value = option ? option.dataset.text : typed;
  };

  const close = () => {
    clearTimeout(timer);
    asked?.abort();
    list.setAttribute("hidden", "");
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    at = -1;
  };

  const show = (suggestions) => {
    list.replaceChildren(...suggestions.map((one, n) => {
      const option = made("li", { id: `${id}-${n}`, role: "option", "aria-selected": "false" },
        made("span", { dir: "auto" }, one.text),
        made("span", { class: "kind" }, KINDS[one.kind] ?? ""));
      option.dataset.url = one.url;
      option.dataset.text = one.text;
      return option;
    }));
    at = -1;
    input.removeAttribute("aria-activedescendant");
    const some = suggestions.length > 0;
    list.toggleAttribute("hidden", !some);
    input.setAttribute("aria-expanded", String(some));
    count.textContent = some ? `${suggestions.length} suggestion${suggestions.length > 1 ? "s" : ""}` : "";
  };

  const ask = async () => {
    asked?.abort();
    asked = new AbortController();
    const { signal } = asked;
    try {
      const answer = await fetch(`/api/v1/suggest?${new URLSearchParams({ q: typed })}`, { signal });
      if (answer.ok && !signal.aborted) show((await answer.json()).suggestions);
    } catch (problem) {
      if (problem.name !== "AbortError") close();
    }
  };

  input.addEventListener("input", () => {
    typed = input.value;
    clearTimeout(timer);
    if (typed.trim() === "" || typed.length > 100) close();
    else timer = setTimeout(ask, WAIT_MS);
  });

  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const { key } = event;
    if (key === "Escape" && isOpen()) {
      event.preventDefault();
      input.value = typed;
      close();
    } else if (key === "ArrowDown" || key === "ArrowUp") {
      if (!isOpen()) {
        if (key === "ArrowDown" && typed.trim() !== "") ask();
        return;
      }
      event.preventDefault();
      const places = options().length + 1; // one of them is what was typed
      const step = key === "ArrowDown" ? 1 : -1;
      mark(((at + 1 + step + places) % places) - 1);
    } else if (key === "Enter" && isOpen() && at >= 0) {
      event.preventDefault();
      location.assign(options()[at].dataset.url);
    }
  });

  list.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) location.assign(option.dataset.url);
  });
  input.addEventListener("blur", close);
  form.addEventListener("submit", close);
};

document.querySelectorAll("[data-suggest]").forEach(offer);
