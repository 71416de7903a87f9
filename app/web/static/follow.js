// The transcript follows the recording: what is said is lit, its chapter is marked, lines seek.
import { bringIntoView, lines, player, seek } from "./stage.js";

const LINGER_MS = 1500;
const timed = lines.filter((line) => line.dataset.start);
const starts = timed.map((line) => Number(line.dataset.start));
const chapters = [...document.querySelectorAll(".chapters a")];
const chapterStarts = chapters.map((link) => Number(link.dataset.seek));
const follow = document.querySelector("[data-follow]");
const stretch = document.querySelector("[data-stretch]");
const played = document.querySelector("[data-played]");
let line = null;
let chapter = null;

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

const update = () => {
  const moved = show(player.currentTime * 1000);
  if (moved && line && follow?.checked && !player.paused) bringIntoView(line);
};

const begin = () => {
  const start = Number(player.dataset.start);
  show(Math.max(start, player.currentTime) * 1000);
  if (start > 0 && line && scrollY === 0 && matchMedia("(min-width: 56rem)").matches) bringIntoView(line);
};

const pressed = (event) => {
  if (event.defaultPrevented || event.button || event.target.closest("a, button, .doubt")) return;
  const wanted = event.target.closest(".line[data-start]");
  if (wanted && getSelection().isCollapsed) seek(Number(wanted.dataset.start));
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
  for (const name of ["wheel", "touchmove"]) {
    addEventListener(name, () => { if (follow && !player.paused) follow.checked = false; }, { passive: true });
  }
  follow?.addEventListener("change", () => { if (follow.checked && line) bringIntoView(line); });
  document.addEventListener("click", pressed);
  stretch?.addEventListener("click", moveTo);
}
