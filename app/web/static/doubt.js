// Words that were heard badly: a press plays from just before them, two buttons step through them.
import { bringIntoView, play, player, seek } from "./stage.js";

const LEAD_MS = 1500;
const steps = document.querySelector("[data-doubts]");
const said = document.querySelector("[data-doubt-said]");
const words = [...document.querySelectorAll(".doubt[data-at]")];
let at = -1;

const hear = (word) => {
  words[at]?.classList.remove("heard-now");
  at = words.indexOf(word);
  word.classList.add("heard-now");
  if (said) said.textContent = `“${word.textContent.trim().replace(/[.,;:!?]+$/, "")}”, ${word.title}, ${at + 1} of ${words.length}`;
  seek(Number(word.dataset.at) - LEAD_MS);
  play();
};

const step = (by) => {
  const next = words[at < 0 && by < 0 ? words.length - 1 : (at + by + words.length) % words.length];
  hear(next);
  bringIntoView(next);
};

if (player && words.length) {
  steps?.removeAttribute("hidden");
  document.querySelector("[data-doubt-next]")?.addEventListener("click", () => step(1));
  document.querySelector("[data-doubt-before]")?.addEventListener("click", () => step(-1));
  document.addEventListener("click", (event) => {
    const word = event.target.closest(".doubt[data-at]");
    if (word && !event.button && getSelection().isCollapsed) hear(word);
  });
}
