// The transcript follows the recording: what is said is lit, its chapter is marked, lines seek.
import { bringIntoView, isWriting, letGo, lines, moment, player, seek } from "./stage.js";

const LINGER_MS = 1500;
const EARLY_MS = 50; // a player lands a little before the moment that it was sent to
const SCROLL_KEYS = new Set(["PageUp", "PageDown", "Home", "End", "ArrowUp", "ArrowDown"]);
const timed = lines.filter((line) => line.dataset.start);
const starts = timed.map((line) => Number(line.dataset.start));
const chapters = [...document.querySelectorAll(".chapters a")];
const chapterStarts = chapters.map((link) => Number(link.dataset.seek));
const follow = document.querySelector("[data-follow]");
const transcript = document.querySelector(".transcript");
const stretch = document.querySelector("[data-stretch]");
const played = document.querySelector("[data-played]");
let line = null;
let chapter = null;
let came = null; // from where a press on a line has led away
let hadSelection = false;

/** The place of the last that has begun at this moment; -1 before the first. */
const lastBegun = (all, ms) => {
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (all[middle] <= ms) low = middle + 1;
    else high = middle;
  }
  return low - 1;
};

const lineAt = (ms) => {
  const found = timed[lastBegun(starts, ms)];
  return found && ms < Number(found.dataset.end) + LINGER_MS ? found : null;
};

/** Mark one of several as the present one. */
const mark = (before, now) => {
  if (before === now) return now;
  before?.classList.remove("now");
  before?.removeAttribute("aria-current");
  now?.classList.add("now");
  now?.setAttribute("aria-current", "true");
  return now;
};

const show = (ms) => {
  const before = line;
  line = mark(line, lineAt(ms));
  chapter = mark(chapter, chapters[lastBegun(chapterStarts, ms)] ?? null);
  if (played) played.setAttribute("width", `${Math.min(100, (100 * ms) / Number(stretch.dataset.length))}%`);
  return line !== before;
};

/** Whether the reader is at the transcript and writes nothing: only then the page may move by itself. */
const isReading = () => transcript.getBoundingClientRect().top < innerHeight && !isWriting(document.activeElement);

const update = () => {
  const moved = show(player.currentTime * 1000 + EARLY_MS);
  if (moved && line && follow?.checked && !player.paused && isReading()) bringIntoView(line);
};

const begin = () => {
  const start = Number(player.dataset.start);
  show(Math.max(moment(start), player.currentTime) * 1000 + EARLY_MS);
  if (start > 0 && line && scrollY === 0 && matchMedia("(min-width: 56rem)").matches) bringIntoView(line);
};

const pressed = (event) => {
  if (event.detail === 1) came = null; // the first press of perhaps two
  if (event.defaultPrevented || event.button || event.target.closest("a, button, .doubt")) return;
  const wanted = event.target.closest(".line[data-start]");
  if (!wanted || hadSelection || !getSelection().isCollapsed) return;
  came = player.currentTime;
  seek(Number(wanted.dataset.start));
};

/** Who selects a word by two presses stays where he was. */
const twice = (event) => {
  if (event.target.closest(".line[data-start]") && came !== null) seek(came * 1000);
  came = null;
};

const toWords = (event) => {
  if (!line) return;
  event.preventDefault();
  bringIntoView(line);
};

const moveTo = (event) => {
  if (event.target.closest("a")) return;
  const { left, width } = stretch.getBoundingClientRect();
  seek(((event.clientX - left) / width) * Number(stretch.dataset.length));
};

if (player) {
  if (player.readyState >= 1) begin();
  else player.addEventListener("loadedmetadata", begin, { once: true });
  for (const name of ["timeupdate", "seeked"]) player.addEventListener(name, update);
  document.querySelector("[data-follow-box]")?.removeAttribute("hidden");
  for (const name of ["wheel", "touchmove"]) addEventListener(name, letGo, { passive: true });
  addEventListener("keydown", (event) => { if (SCROLL_KEYS.has(event.key) && !isWriting(event.target)) letGo(); });
  addEventListener("pointerdown", (event) => {
    hadSelection = !getSelection().isCollapsed;
    if (event.target === document.documentElement) letGo(); // the scroll bar
  });
  follow?.addEventListener("change", () => { if (follow.checked && line) bringIntoView(line); });
  document.addEventListener("click", pressed);
  document.addEventListener("dblclick", twice);
  document.querySelector(".to-words")?.addEventListener("click", toWords);
  stretch?.addEventListener("click", moveTo);
}
