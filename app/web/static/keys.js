// Keys for the recording, and the list of them.
import { isTyping, keepInSight, play, player, seek } from "./stage.js";

const help = document.querySelector("[data-help]");
const button = document.querySelector("[data-keys]");
const speed = document.querySelector("[data-speed]");

const toggle = () => (player.paused ? play() : player.pause());
const move = (seconds) => seek((player.currentTime + seconds) * 1000);
const quicken = (step) => {
  if (!speed?.options[speed.selectedIndex + step]) return;
  speed.selectedIndex += step;
  speed.dispatchEvent(new Event("change"));
};

const KEYS = {
  k: toggle,
  " ": toggle,
  j: () => move(-10),
  l: () => move(10),
  ArrowLeft: () => move(-5),
  ArrowRight: () => move(5),
  "<": () => quicken(-1),
  ">": () => quicken(1),
  f: () => document.querySelector("[data-find]")?.focus(),
  q: () => document.querySelector("[data-quote]:not([hidden]) button")?.focus(),
  "?": () => help?.showModal(),
};

const pressed = (event) => {
  const key = Object.hasOwn(KEYS, event.key) ? KEYS[event.key] : null;
  if (!key || isTyping(event) || (event.key === " " && event.target.closest("button, summary"))) return;
  event.preventDefault();
  key();
};

document.querySelector("[data-transcript]")?.addEventListener("focusin", ({ target }) => {
  if (target.matches(".para :focus-visible")) keepInSight(target);
});

if (player) {
  document.addEventListener("keydown", pressed);
  button?.removeAttribute("hidden");
  button?.addEventListener("click", () => help.showModal());
}
