// The talk page: begin at the wanted second, light up what is said, follow it, seek by the text.
const player = document.querySelector("[data-player]");
const lines = [...document.querySelectorAll(".line")];
const timed = lines.filter((line) => line.dataset.start);
const starts = timed.map((line) => Number(line.dataset.start));
const follow = document.querySelector("[data-follow]");
const share = document.querySelector("[data-share]");
const LINGER_MS = 1500;
const STEP_S = 10;
let current = null;

const clock = (seconds) => {
  const whole = Math.floor(seconds);
  const two = (n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
};

/** The last line that has begun at this moment, if it is still being said. */
const lineAt = (ms) => {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= ms) low = middle + 1;
    else high = middle;
  }
  const line = timed[low - 1];
  return line && ms < Number(line.dataset.end) + LINGER_MS ? line : null;
};

const bringIntoView = (line) => {
  const { top, bottom } = line.getBoundingClientRect();
  const covered = document.querySelector(".transcript header").getBoundingClientRect().bottom;
  if (top >= Math.max(covered, 0) + 8 && bottom <= innerHeight - 48) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  scrollTo({ top: scrollY + top - innerHeight * 0.4, behavior: still ? "auto" : "smooth" });
};

const light = (wanted) => {
  if (wanted === current) return;
  current?.classList.remove("now");
  current?.removeAttribute("aria-current");
  current = wanted;
  if (!current) return;
  current.classList.add("now");
  current.setAttribute("aria-current", "true");
};

const tell = () => {
  if (!share) return;
  const seconds = Math.floor(player.currentTime);
  share.href = `${location.pathname}?t=${seconds}`;
  share.textContent = `Link to ${clock(seconds)}`;
};

const update = () => {
  const before = current;
  light(lineAt(player.currentTime * 1000));
  tell();
  if (current && current !== before && follow?.checked && !player.paused) bringIntoView(current);
};

const seek = (ms) => {
  player.currentTime = ms / 1000;
  update();
};

const begin = () => {
  const start = Number(player.dataset.start);
  if (start > 0 && Math.abs(player.currentTime - start) > 1) player.currentTime = start;
  light(lineAt(start * 1000));
  if (start > 0 && current && scrollY === 0 && matchMedia("(min-width: 56rem)").matches) bringIntoView(current);
};

const wire = () => {
  if (player.readyState >= 1) begin();
  else player.addEventListener("loadedmetadata", begin, { once: true });
  for (const name of ["timeupdate", "seeked"]) player.addEventListener(name, update);
  player.addEventListener("error", () => document.querySelector("[data-unplayable]").removeAttribute("hidden"));
  document.querySelector("[data-follow-box]")?.removeAttribute("hidden");
  for (const name of ["wheel", "touchmove"]) {
    addEventListener(name, () => { if (follow && !player.paused) follow.checked = false; }, { passive: true });
  }
  follow?.addEventListener("change", () => { if (follow.checked && current) bringIntoView(current); });
  document.addEventListener("click", clicked);
  document.addEventListener("keydown", pressed);
};

const sameTalk = (link) => link.origin === location.origin && link.pathname === location.pathname;

const clicked = (event) => {
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest("a[href]");
  if (link === share && link) return copied(event);
  if (link) return jump(event, link);
  const line = event.target.closest(".line[data-start]");
  if (line && getSelection().isCollapsed) seek(Number(line.dataset.start));
};

/** A link to another second of this talk plays on from there instead of loading the page again. */
const jump = (event, link) => {
  const address = new URL(link.getAttribute("href"), location.href);
  const seconds = link.dataset.seek ? Number(link.dataset.seek) / 1000 : Number(address.searchParams.get("t"));
  if (!sameTalk(address) || !address.searchParams.has("t") || !Number.isFinite(seconds)) return;
  event.preventDefault();
  history.replaceState(null, "", address);
  seek(seconds * 1000);
  player.play().catch(() => {});
};

const copied = async (event) => {
  if (!navigator.clipboard) return;
  event.preventDefault();
  try {
    await navigator.clipboard.writeText(share.href);
    share.textContent = "Copied";
  } catch {
    location.assign(share.href);
  }
};

const pressed = (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, audio, video")) return;
  const keys = {
    k: () => (player.paused ? player.play().catch(() => {}) : player.pause()),
    j: () => seek((player.currentTime - STEP_S) * 1000),
    l: () => seek((player.currentTime + STEP_S) * 1000),
  };
  keys[event.key]?.();
};

/** Find in this talk: marks by the browser's own highlights, Enter goes to the next.
 *  Where the words do not stand, Enter sends the form: the server looks for what is meant. */
const find = () => {
  const input = document.querySelector("[data-find]");
  if (!input || !window.Highlight || !CSS.highlights) return;
  const count = document.querySelector("[data-find-count]");
  let ranges = [];
  let at = -1;

  const show = () => {
    CSS.highlights.set("found", new Highlight(...ranges));
    if (at >= 0) CSS.highlights.set("found-now", new Highlight(ranges[at]));
    else CSS.highlights.delete("found-now");
    count.textContent = input.value.trim() ? `${at + 1} of ${ranges.length}` : "";
  };
  const look = () => {
    const words = input.value.trim().toLowerCase();
    ranges = words ? lines.flatMap((line) => rangesIn(line, words)) : [];
    at = -1;
    show();
    if (words) count.textContent = ranges.length ? `${ranges.length} found` : "none; Enter asks by meaning";
  };
  input.addEventListener("input", look);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { input.value = ""; look(); }
    if (event.key !== "Enter" || !ranges.length) return;
    event.preventDefault();
    at = (at + (event.shiftKey ? ranges.length - 1 : 1)) % ranges.length;
    show();
    bringIntoView(ranges[at].startContainer.parentElement);
  });
};

const rangesIn = (line, words) => {
  const text = line.textContent.toLowerCase();
  const found = [];
  for (let place = text.indexOf(words); place >= 0; place = text.indexOf(words, place + words.length)) {
    found.push(rangeOf(line, place, place + words.length));
  }
  return found;
};

const rangeOf = (line, start, end) => {
  const range = document.createRange();
  const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
  let before = 0;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const after = before + node.length;
    if (start >= before && start < after) range.setStart(node, start - before);
    if (end > before && end <= after) range.setEnd(node, end - before);
    before = after;
  }
  return range;
};

if (player) wire();
find();
