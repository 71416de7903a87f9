// The recording: begins at the wanted second, and says so where it cannot be played.
import { moment, play, player, seek } from "./stage.js";

const NEAR_S = 0.05;

const unplayable = () => document.querySelector("[data-unplayable]").removeAttribute("hidden");

const begin = () => {
  const [second, anchor] = [Number(player.dataset.start), anchored()];
  if (!second && !anchor) return;
  const start = anchor && (!second || Math.floor(anchor) === second) ? anchor : moment(second);
  if (Math.abs(player.currentTime - start) > NEAR_S) player.currentTime = start;
};

/** The second that the address names by a chapter, `#at-312400`. */
const anchored = () => Number(/^#at-(\d{1,12})$/.exec(location.hash)?.[1] ?? 0) / 1000;

/** A link to another second of this talk plays on from there instead of loading the page again. */
const jump = (event) => {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest("a[href]");
  if (!link || link.hasAttribute("data-share")) return;
  const address = new URL(link.getAttribute("href"), location.href);
  const { seek: ms } = link.dataset;
  const seconds = ms === undefined ? moment(Number(address.searchParams.get("t"))) : Number(ms) / 1000;
  const here = address.origin === location.origin && address.pathname === location.pathname;
  if (!here || !address.searchParams.has("t") || !Number.isFinite(seconds)) return;
  event.preventDefault();
  history.replaceState(null, "", address);
  seek(seconds * 1000);
  play();
  if (address.hash) document.getElementById(address.hash.slice(1))?.scrollIntoView();
};

if (player) {
  if (player.readyState >= 1) begin();
  else player.addEventListener("loadedmetadata", begin, { once: true });
  if (player.error) unplayable();
  // The words come first; the recording is looked at when they are there.
  const look = () => { if (player.preload === "none") player.preload = "metadata"; };
  if (document.readyState === "complete") look();
  else addEventListener("load", look, { once: true });
  player.addEventListener("error", unplayable);
  document.addEventListener("click", jump);
}
