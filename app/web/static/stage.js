// What every part of the talk page needs: the recording, and ways to move in it and in the text.
export const player = document.querySelector("[data-player]");
export const lines = [...document.querySelectorAll(".line")];

/** A place in the recording, as the server writes it. */
export const clock = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
};

export const seek = (ms) => { if (player) player.currentTime = Math.max(0, ms / 1000); };
export const play = () => player?.play().catch(() => {});

/** Whether a key is meant for what it was pressed in. */
export const isTyping = (event) =>
  event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, audio, video, dialog") !== null;

/** Scroll until a line or a range can be read; far away at once, near by smoothly. */
export const bringIntoView = (wanted) => {
  const { top, bottom } = wanted.getBoundingClientRect();
  const covered = document.querySelector(".transcript > header").getBoundingClientRect().bottom;
  if (top >= Math.max(covered, 0) + 8 && bottom <= innerHeight - 48) return;
  const jump = matchMedia("(prefers-reduced-motion: reduce)").matches || Math.abs(top) > 2 * innerHeight;
  scrollTo({ top: scrollY + top - innerHeight * 0.4, behavior: jump ? "instant" : "smooth" });
  // Paragraphs out of sight have only a guessed height until they come near.
  if (jump) requestAnimationFrame(() => scrollTo({ top: scrollY + wanted.getBoundingClientRect().top - innerHeight * 0.4, behavior: "instant" }));
};
