// What the browser remembers of a listener: the speed, and how far each talk was heard.
// Nothing is sent anywhere; where the browser keeps nothing, nothing is remembered.
import { clock, play, player, seek } from "./stage.js";

const EVERY_S = 5;
const WORTH_S = 15;
const speed = document.querySelector("[data-speed]");
const offer = document.querySelector("[data-continue]");
const place = `seminar-place-${player?.dataset.key}`;
const SPEED = "seminar-speed";
let kept = 0;
let heard = false; // a link to a second is no listening

const recall = (name) => {
  try { return Number(localStorage.getItem(name)); } catch { return 0; }
};

const remember = (name, value) => {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, String(value));
  } catch { /* a private window keeps nothing */ }
};

const keepPlace = () => {
  const { currentTime: now, duration } = player;
  if (!heard || !(now > WORTH_S) || player.paused === false && Math.abs(now - kept) < EVERY_S) return;
  kept = now;
  remember(place, duration - now < WORTH_S ? null : Math.floor(now));
};

const offerPlace = () => {
  const seconds = recall(place);
  if (!(seconds > WORTH_S) || Math.abs(seconds - Number(player.dataset.start)) < WORTH_S) return;
  offer.textContent = `Continue at ${clock(seconds)}`;
  offer.hidden = false;
  offer.addEventListener("click", () => { seek(seconds * 1000); play(); });
  player.addEventListener("playing", () => { offer.hidden = true; }, { once: true });
};

/** The player's own menu has speeds too. */
const speedSet = () => {
  const same = [...speed.options].find((option) => Number(option.value) === player.playbackRate);
  if (same) speed.value = same.value;
};

const setSpeed = () => {
  player.playbackRate = Number(speed.value);
  remember(SPEED, speed.value);
};

if (player && speed) {
  document.querySelector("[data-speed-box]").hidden = false;
  const known = [...speed.options].find((option) => Number(option.value) === recall(SPEED));
  if (known) speed.value = known.value;
  player.defaultPlaybackRate = player.playbackRate = Number(speed.value);
  speed.addEventListener("change", setSpeed);
  player.addEventListener("ratechange", speedSet);
  player.addEventListener("playing", () => { heard = true; });
  offerPlace();
  for (const name of ["timeupdate", "pause"]) player.addEventListener(name, keepPlace);
  addEventListener("pagehide", keepPlace);
}
