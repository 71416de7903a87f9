// Results while typing, on the search page: the page of the address is fetched and its main part
// shown.  Every state is an address.  Without this file the box is a form like any other.
const WAIT_MS = 200; // after the last letter
const DIM_MS = 300; // a shorter wait is not worth showing
const SETTLED_MS = 1500; // results that stood so long are a place to come back to
const SAY_MS = 700;
const AGAIN_MS = [1000, 2000, 4000];

const form = document.querySelector("[data-live]");
const input = form.querySelector("input[name=q]");
const main = document.querySelector("main");
const quiet = document.createElement("p"); // what is wrong, in one line that moves nothing
quiet.className = "adrift";
quiet.setAttribute("role", "status");
quiet.hidden = true;
const said = document.createElement("span"); // what was found, for those who do not see it
said.className = "unseen";
said.setAttribute("role", "status");
form.append(quiet, said);

const timers = {};
const after = (name, wait, work) => {
  clearTimeout(timers[name]);
  timers[name] = setTimeout(work, wait);
};
const stop = (...names) => names.forEach((name) => clearTimeout(timers[name]));

let asked = null; // the newest question, which alone may be answered
let settled = true; // what is shown is a place of its own in the history

const wanted = () => `${form.action}?${new URLSearchParams(new FormData(form))}`;

const place = () => location.pathname + location.search;
let here = place(); // whose results stand on the page

const shown = (text) => {
  const page = new DOMParser().parseFromString(text, "text/html");
  const fresh = page.querySelector("main");
  if (!fresh || !page.querySelector("[data-live]")) throw new TypeError("not a page of results");
  main.replaceChildren(...fresh.childNodes);
  document.title = page.title;
  const count = main.querySelector(".said b")?.textContent ?? "";
  after("say", SAY_MS, () => { said.textContent = count; });
};

const note = (address) => {
  if (address === location.href) return;
  if (settled) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
  settled = false;
};

const rest = () => {
  stop("dim", "again");
  delete main.dataset.waiting;
  quiet.hidden = true;
};

/** Show the results at an address; `typed` makes it a state of the history. */
const show = async (address, { typed, tries = 0 }) => {
  asked?.abort();
  stop("again");
  const mine = new AbortController();
  asked = mine;
  after("dim", DIM_MS, () => { main.dataset.waiting = ""; });
  let problem = "The archive does not answer; trying again.";
  try {
    const answer = await fetch(address, { signal: mine.signal, headers: { accept: "text/html" } });
    const text = await answer.text();
    if (mine !== asked) return;
    if (answer.ok || answer.status === 422) {
      shown(text);
      rest();
      if (typed) {
        note(address);
        after("settle", SETTLED_MS, () => { settled = true; });
      }
      here = place();
      return;
    }
    if (answer.status === 503 || answer.status === 429) problem = "The archive is busy; trying again.";
  } catch {
    if (mine !== asked) return;
  }
  quiet.textContent = problem;
  quiet.hidden = false;
  const wait = AGAIN_MS[Math.min(tries, AGAIN_MS.length - 1)];
  after("again", wait, () => show(address, { typed, tries: tries + 1 }));
};

/** Ask no more; what is shown stays. */
const leave = () => {
  asked?.abort();
  asked = null;
  rest();
};

input.addEventListener("input", (event) => {
  stop("wait", "settle", "say", "again");
  if (event.isComposing || input.value.trim() === "") {
    leave();
    if (here !== place()) history.replaceState(null, "", here); // what stands there was not waited for
    return;
  }
  after("wait", WAIT_MS, () => show(wanted(), { typed: true }));
});
input.addEventListener("compositionend", () => input.dispatchEvent(new Event("input")));

form.addEventListener("submit", () => {
  stop("wait");
  leave();
  if (!settled) history.replaceState(null, "", wanted()); // the page that comes takes its place
});

addEventListener("popstate", () => {
  stop("wait", "settle");
  settled = true;
  input.value = new URL(location.href).searchParams.get("q") ?? "";
  if (here === place()) leave(); // its results stand there
  else show(location.href, { typed: false });
});
