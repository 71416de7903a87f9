// Quote: selected words with who said them, where and when, as text, Markdown or BibTeX.
import { copy } from "./copy.js";
import { clock, lines } from "./stage.js";

const LONGEST = 1000;
const SAID_MS = 1500;
const transcript = document.querySelector("[data-transcript]");
const bar = document.querySelector("[data-quote]");
const said = document.querySelector("[data-quote-said]");
const elsewhere = document.querySelector("[data-quote-elsewhere]");
let quoted = null;

/** The selected words of the transcript alone, and the second at which they begin. */
const selected = () => {
  const selection = getSelection();
  if (selection.isCollapsed || !selection.rangeCount) return null;
  const range = selection.getRangeAt(0);
  if (!range.intersectsNode(transcript)) return null;
  const parts = lines.filter((line) => range.intersectsNode(line)).map((line) => [line, within(range, line)]).filter((part) => part[1]);
  if (!parts.length) return null;
  const start = parts[0][0].dataset.start;
  const seconds = start === undefined ? null : Math.floor(Number(start) / 1000);
  return { text: parts.map((part) => part[1]).join(" "), seconds, range };
};

const within = (range, line) => {
  const part = document.createRange();
  part.selectNodeContents(line);
  if (range.compareBoundaryPoints(Range.START_TO_START, part) > 0) part.setStart(range.startContainer, range.startOffset);
  if (range.compareBoundaryPoints(Range.END_TO_END, part) < 0) part.setEnd(range.endContainer, range.endOffset);
  return part.toString().replace(/\s+/g, " ").trim();
};

const address = ({ seconds }) => transcript.dataset.url + (seconds === null ? "" : `?t=${seconds}`);
const marked = (text) => text.replace(/[\\`*_{}[\]<>#|~$&]/g, "\\$&");

const FORMS = {
  text: (quote) => {
    const { who, title, within: series, day } = transcript.dataset;
    const from = [who, title, series, day, quote.seconds === null ? "" : clock(quote.seconds)];
    return `“${quote.text}”\n\n${from.filter(Boolean).join(", ")}\n${address(quote)}\n`;
  },
  markdown: (quote) => {
    const { who, title, within: series, day } = transcript.dataset;
    const from = [marked(who), `*${marked(title)}*`, marked(series), day];
    const where = `[${quote.seconds === null ? "talk" : clock(quote.seconds)}](${address(quote)})`;
    return `> ${marked(quote.text)}\n\n${[...from, where].filter(Boolean).join(", ")}\n`;
  },
  bibtex: async (quote) => {
    const asked = new URLSearchParams();
    if (quote.seconds !== null) asked.set("t", quote.seconds);
    asked.set("quote", quote.text.length > LONGEST ? `${quote.text.slice(0, LONGEST - 1)}…` : quote.text);
    const answer = await fetch(`${transcript.dataset.bibtex}?${asked}`);
    if (!answer.ok) throw new Error(`BibTeX: ${answer.status}`);
    return answer.text();
  },
};

const place = ({ range }) => {
  const { left, bottom, top } = range.getBoundingClientRect();
  const whole = transcript.getBoundingClientRect();
  const below = bottom + bar.offsetHeight + 16 < innerHeight || top < bar.offsetHeight + 16;
  const end = Math.min(bottom, innerHeight - bar.offsetHeight - 16);
  bar.style.top = `${(below ? end + 8 : top - bar.offsetHeight - 8) - whole.top}px`;
  bar.style.left = `${Math.max(0, Math.min(left - whole.left, whole.width - bar.offsetWidth))}px`;
};

const offer = () => {
  if (bar.contains(document.activeElement) && !getSelection().isCollapsed) return;
  quoted = selected();
  bar.hidden = !quoted;
  if (!quoted) return;
  elsewhere.href = `/search?q=${encodeURIComponent(quoted.text.slice(0, 200))}`;
  place(quoted);
};

const take = async (button) => {
  const done = await copy(FORMS[button.dataset.as](quoted));
  button.dataset.name ??= button.textContent;
  button.textContent = said.textContent = done ? "Copied" : "Not copied";
  setTimeout(() => { button.textContent = button.dataset.name; }, SAID_MS);
};

if (transcript && bar) {
  let waiting = 0;
  document.addEventListener("selectionchange", () => {
    clearTimeout(waiting);
    waiting = setTimeout(offer, 150);
  });
  for (const button of bar.querySelectorAll("[data-as]")) {
    button.addEventListener("pointerdown", (event) => event.preventDefault());
    button.addEventListener("click", () => { if (quoted) take(button); });
  }
  bar.addEventListener("keydown", (event) => { if (event.key === "Escape") getSelection().removeAllRanges(); });
}
