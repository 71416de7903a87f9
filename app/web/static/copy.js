// Puts words on the clipboard, also where the browser has only the old way.

/** Copy a text, or what a promise of one gives; false where the browser refuses. */
export const copy = async (text) => {
  try {
    if (navigator.clipboard && window.ClipboardItem) {
      const blob = Promise.resolve(text).then((said) => new Blob([said], { type: "text/plain" }));
      await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
      return true;
    }
    return copiedByHand(await text);
  } catch {
    return false;
  }
};

const copiedByHand = (text) => {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "unseen";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
};
