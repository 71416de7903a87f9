// Share at this second: the link follows the recording; a phone offers where to send it.
import { copy } from "./copy.js";
import { clock, player } from "./stage.js";

const SAID_MS = 2000;
const link = document.querySelector("[data-share]");
const page = document.querySelector("[data-transcript]")?.dataset.url ?? location.origin + location.pathname;
let quiet = 0;

const tell = () => {
  const seconds = Math.floor(player.currentTime);
  link.href = `${page}?t=${seconds}`;
  if (Date.now() >= quiet) link.textContent = `Share at ${clock(seconds)}`;
};

const say = (words) => {
  link.textContent = words;
  quiet = Date.now() + SAID_MS;
  setTimeout(tell, SAID_MS);
};

const share = async (event) => {
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const url = link.href;
  if (navigator.share && matchMedia("(pointer: coarse)").matches) {
    await navigator.share({ title: document.title, url }).catch(() => {});
    return;
  }
  if (await copy(url)) say("Link copied");
  else location.assign(url);
};

if (player && link) {
  for (const name of ["timeupdate", "seeked"]) player.addEventListener(name, tell);
  link.addEventListener("click", share);
}
