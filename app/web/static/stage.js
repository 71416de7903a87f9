// What every part of the talk page needs: the recording, and ways to move in it and in the text.
const SETTLED_FRAMES = 20;

export const player = document.querySelector("[data-player]");
export const lines = [...document.querySelectorAll(".line")];
const follow = document.querySelector("[data-follow]");

/** A place in the recording, as the server writes it. */
export const clock = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
};

export const seek = (ms) => { if (player) player.currentTime = Math.max(0, ms / 1000); };
export const play = () => player?.play().catch(() => {});

/** The moment that a whole second of an address means: where a line begins within it, just there. */
export const moment = (second) => {
  const begun = lines.find((line) => Math.floor(Number(line.dataset.start) / 1000) === second);
  return begun ? Number(begun.dataset.start) / 1000 : second;
};

/** The reader goes his own way: the transcript follows no more until it is told to. */
export const letGo = () => { if (follow && player && !player.paused) follow.checked = false; };

/** Whether letters pressed here are written. */
export const isWriting = (one) => one?.closest("input:not([type=checkbox]), textarea, dialog") != null;

/** Whether a key is meant for what it was pressed in: players and menus have their own use for space and arrows. */
export const isTyping = (event) => event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)
  || (/^( |Arrow.*)$/.test(event.key) && event.target.closest("input, select, audio, video") !== null);

/** How far down the text is covered by what stays: the head of the transcript, on a phone the player. */
const covered = () => Math.max(0, ...[...document.querySelectorAll(".transcript > header, .screen")].map((one) => {
  const { position, top } = getComputedStyle(one);
  return position === "sticky" ? parseFloat(top) + one.offsetHeight : 0;
}));

const isInSight = (wanted) => {
  const { top, bottom } = wanted.getBoundingClientRect();
  return top >= covered() + 8 && bottom <= innerHeight - 48;
};

const scrollThere = (wanted, behavior) =>
  scrollTo({ top: scrollY + wanted.getBoundingClientRect().top - Math.max(innerHeight * 0.4, covered() + 8), behavior });

/** Scroll until a line or a range can be read; far away at once, near by smoothly. */
export const bringIntoView = (wanted) => {
  if (isInSight(wanted)) return;
  const isFar = Math.abs(wanted.getBoundingClientRect().top) > 2 * innerHeight;
  const jump = isFar || matchMedia("(prefers-reduced-motion: reduce)").matches;
  scrollThere(wanted, jump ? "instant" : "smooth");
  // Paragraphs out of sight have only a guessed height until they come near.
  if (jump) requestAnimationFrame(() => scrollThere(wanted, "instant"));
};

/** Keep what the keyboard has come to in sight, while paragraphs around it get their height. */
export const keepInSight = async (one) => {
  for (let frame = 0; frame < SETTLED_FRAMES && document.activeElement === one; frame += 1) {
    await new Promise(requestAnimationFrame);
    if (!isInSight(one)) scrollThere(one, "instant");
  }
};
