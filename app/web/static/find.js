// Find in this talk: marks by the browser's own highlights and on the timeline.
// Where the words do not stand, Enter sends the form: the server looks for what is meant.
import { bringIntoView, letGo } from "./stage.js";

const MOST = 1000;
// Scripts that part words by blanks; in these, what is typed is the beginning of a word.
const LETTER = /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{M}\p{N}]/u;
const input = document.querySelector("[data-find]");
const count = document.querySelector("[data-find-count]");
const steps = document.querySelector("[data-find-steps]");
const elsewhere = document.querySelector("[data-find-elsewhere]");
const marks = document.querySelector("[data-marks]");
let texts = null;
let ranges = [];
let at = -1;

/** As it is compared: small letters, and the apostrophes of phones as those of transcripts. */
const plain = (text) => text.toLowerCase().replaceAll("’", "'");

/** Every paragraph's text in small letters, with the nodes that it is made of. */
const read = () => [...document.querySelectorAll(".para p")].map((paragraph) => {
  const walker = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT);
  const nodes = [];
  let text = "";
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    nodes.push({ node, start: text.length });
    text += node.data;
  }
  const small = plain(text);
  return { nodes, text: small.length === text.length ? small : text };
});

const pointIn = (nodes, place, isEnd) => {
  let n = nodes.length - 1;
  while (n > 0 && (isEnd ? nodes[n].start >= place : nodes[n].start > place)) n -= 1;
  return [nodes[n].node, place - nodes[n].start];
};

const isInsideWord = (text, place) => place > 0 && LETTER.test(text[place]) && LETTER.test(text[place - 1]);

const rangesFor = (words) => {
  texts ??= read();
  const found = [];
  for (const { nodes, text } of texts) {
    for (let place = text.indexOf(words); place >= 0; place = text.indexOf(words, place + words.length)) {
      if (isInsideWord(text, place)) continue;
      const range = document.createRange();
      range.setStart(...pointIn(nodes, place, false));
      range.setEnd(...pointIn(nodes, place + words.length, true));
      found.push(range);
      if (found.length >= MOST) return found;
    }
  }
  return found;
};

const secondOf = (range) => Number(range.startContainer.parentElement.closest(".line")?.dataset.start ?? NaN);

const drawMarks = () => {
  if (!marks) return;
  const length = Number(marks.closest("[data-stretch]").dataset.length);
  const places = [...new Set(ranges.map((range) => ((100 * secondOf(range)) / length).toFixed(1)))];
  marks.replaceChildren(...places.filter((x) => x !== "NaN").map((x) => {
    const mark = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [name, value] of Object.entries({ x: `${x}%`, y: 10, width: 3, height: 12, class: "mark" })) mark.setAttribute(name, value);
    return mark;
  }));
};

const light = () => {
  CSS.highlights.set("found", new Highlight(...ranges));
  if (at >= 0) CSS.highlights.set("found-now", new Highlight(ranges[at]));
  else CSS.highlights.delete("found-now");
};

const look = () => {
  const words = plain(input.value.trim());
  ranges = words.length > 1 ? rangesFor(words) : [];
  at = -1;
  light();
  drawMarks();
  const more = ranges.length === MOST ? " or more" : "";
  count.textContent = words.length < 2 ? "" : ranges.length ? `${ranges.length}${more} found` : "none; Enter asks by meaning";
  steps.hidden = !ranges.length;
  elsewhere.hidden = !words;
  elsewhere.href = `/search?q=${encodeURIComponent(input.value.trim())}`;
};

const step = (by) => {
  if (!ranges.length) return;
  at = at < 0 && by < 0 ? ranges.length - 1 : (at + by + ranges.length) % ranges.length;
  light();
  count.textContent = `${at + 1} of ${ranges.length}`;
  letGo();
  bringIntoView(ranges[at]);
};

const pressed = (event) => {
  if (event.key === "Escape") { input.value = ""; look(); }
  if (event.key !== "Enter" || !ranges.length) return;
  event.preventDefault();
  step(event.shiftKey ? -1 : 1);
};

if (input && window.Highlight && CSS.highlights) {
  input.addEventListener("input", look);
  input.addEventListener("keydown", pressed);
  document.querySelector("[data-find-next]").addEventListener("click", () => step(1));
  document.querySelector("[data-find-before]").addEventListener("click", () => step(-1));
}
