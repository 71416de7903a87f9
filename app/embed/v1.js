// The archive's search box and player for other sites: <talk-search> and <talk-player>.
// One module, no dependency.  It asks the archive and nobody else, sets no cookie, keeps nothing.
// A host page's Content-Security-Policy may be strict: styles are constructed, never inline.

const HOME = new URL(import.meta.url).origin;
const WAIT_MS = 150;
const PATIENCE_MS = 8000;
const SLOW_MS = 400;
const SHORTEST = 2;
const LONGEST = 1000;
const PASSAGES = 3;
const LINGER_MS = 1500;
const EARLY_MS = 50; // a player lands a little before the moment that it was sent to
const ANEW_MS = 60_000;
const ROOM_PX = 16;
const LOWEST_PX = 220;
const RETRY_S = 5;
const LONGEST_RETRY_S = 60;

/* Words */

const TEXTS = {
  en: {
    label: "Search the talks", results: "Results", searching: "Searching…",
    found: (n, groups) => `${n} ${n === 1 ? "passage" : "passages"} in ${groups} ${groups === 1 ? "talk or paper" : "talks and papers"}`,
    none: (q) => `Nothing found for “${q}”.`, all: "All results in the archive",
    words: "Found by words only; search by meaning is not available now.",
    page: (n) => `p. ${n}`, paper: "Paper", open: "Open in the archive", close: "Close",
    transcript: "Transcript", follow: "Follow", from: (t) => `Play from ${t}`,
    loading: "Loading the talk…", noTranscript: "There is no transcript.",
    noRecording: "There is no recording to play here.", unplayable: "This browser cannot play the recording.",
    partial: "Parts of the recording could not be read.",
    unreachable: "The archive cannot be reached from this page at the moment.",
    key: "The archive does not accept this page’s key. Please tell whoever runs this page.",
    key_revoked: "This page’s key was revoked. Please tell whoever runs this page.",
    key_expired: "This page’s key has expired. Please tell whoever runs this page.",
    origin_refused: "This page’s key is not for this site. Please tell whoever runs this page.",
    series_refused: "This page’s key is not for this series. Please tell whoever runs this page.",
    key_missing: "The archive asks for a key, and this page has none. Please tell whoever runs this page.",
    not_found: "The archive does not have this talk.", withdrawn: "This talk was withdrawn.",
    query: "The archive cannot search for this. Try other words.",
    busy: (s) => `The archive is busy. Trying again in ${s} s.`,
    failed: "The archive could not answer. Please try again later.",
  },
  de: {
    label: "Vorträge durchsuchen", results: "Ergebnisse", searching: "Suche läuft …",
    found: (n, groups) => `${n} ${n === 1 ? "Stelle" : "Stellen"} in ${groups} ${groups === 1 ? "Vortrag oder Artikel" : "Vorträgen und Artikeln"}`,
    none: (q) => `Nichts gefunden für „${q}“.`, all: "Alle Ergebnisse im Archiv",
    words: "Nur nach Wörtern gesucht; die Suche nach Bedeutung ist gerade nicht verfügbar.",
    page: (n) => `S. ${n}`, paper: "Artikel", open: "Im Archiv öffnen", close: "Schließen",
    transcript: "Transkript", follow: "Mitlaufen", from: (t) => `Ab ${t} abspielen`,
    loading: "Vortrag wird geladen …", noTranscript: "Es gibt kein Transkript.",
    noRecording: "Hier gibt es keine Aufnahme zum Abspielen.", unplayable: "Dieser Browser kann die Aufnahme nicht abspielen.",
    partial: "Teile der Aufnahme waren nicht lesbar.",
    unreachable: "Das Archiv ist von dieser Seite aus gerade nicht erreichbar.",
    key: "Das Archiv nimmt den Schlüssel dieser Seite nicht an. Bitte der Seitenbetreuung melden.",
    key_revoked: "Der Schlüssel dieser Seite wurde zurückgezogen. Bitte der Seitenbetreuung melden.",
    key_expired: "Der Schlüssel dieser Seite ist abgelaufen. Bitte der Seitenbetreuung melden.",
    origin_refused: "Der Schlüssel dieser Seite gilt nicht für diese Adresse. Bitte der Seitenbetreuung melden.",
    series_refused: "Der Schlüssel dieser Seite gilt nicht für diese Reihe. Bitte der Seitenbetreuung melden.",
    key_missing: "Das Archiv verlangt einen Schlüssel, und diese Seite hat keinen. Bitte der Seitenbetreuung melden.",
    not_found: "Diesen Vortrag gibt es im Archiv nicht.", withdrawn: "Dieser Vortrag wurde zurückgezogen.",
    query: "Danach kann das Archiv nicht suchen. Bitte andere Wörter versuchen.",
    busy: (s) => `Das Archiv ist ausgelastet. Neuer Versuch in ${s} s.`,
    failed: "Das Archiv konnte nicht antworten. Bitte später noch einmal versuchen.",
  },
  fr: {
    label: "Chercher dans les exposés", results: "Résultats", searching: "Recherche…",
    found: (n, groups) => `${n} ${n < 2 ? "passage" : "passages"} dans ${groups} ${groups < 2 ? "exposé ou article" : "exposés et articles"}`,
    none: (q) => `Aucun résultat pour « ${q} ».`, all: "Tous les résultats dans les archives",
    words: "Recherche par mots seulement ; la recherche par le sens n’est pas disponible.",
    page: (n) => `p. ${n}`, paper: "Article", open: "Ouvrir dans les archives", close: "Fermer",
    transcript: "Transcription", follow: "Suivre", from: (t) => `Lire à partir de ${t}`,
    loading: "Chargement de l’exposé…", noTranscript: "Il n’y a pas de transcription.",
    noRecording: "Il n’y a pas d’enregistrement à lire ici.", unplayable: "Ce navigateur ne peut pas lire l’enregistrement.",
    partial: "Des parties de l’enregistrement sont illisibles.",
    unreachable: "Les archives ne sont pas joignables depuis cette page pour le moment.",
    key: "Les archives refusent la clé de cette page. Prévenez le responsable de la page.",
    key_revoked: "La clé de cette page a été révoquée. Prévenez le responsable de la page.",
    key_expired: "La clé de cette page a expiré. Prévenez le responsable de la page.",
    origin_refused: "La clé de cette page ne vaut pas pour ce site. Prévenez le responsable de la page.",
    series_refused: "La clé de cette page ne vaut pas pour cette série. Prévenez le responsable de la page.",
    key_missing: "Les archives demandent une clé, et cette page n’en a pas. Prévenez le responsable de la page.",
    not_found: "Les archives n’ont pas cet exposé.", withdrawn: "Cet exposé a été retiré.",
    query: "Les archives ne peuvent pas chercher cela. Essayez d’autres mots.",
    busy: (s) => `Les archives sont occupées. Nouvel essai dans ${s} s.`,
    failed: "Les archives n’ont pas pu répondre. Réessayez plus tard.",
  },
};

const languageOf = (element) => {
  const wanted = element.getAttribute("lang") || element.closest("[lang]:not([lang=''])")?.lang || navigator.language;
  const short = wanted.toLowerCase().split("-")[0];
  return short in TEXTS ? short : "en";
};

/** How days are written: as the reader is used to, where that is in the same language. */
const regionOf = (language) => navigator.languages.find((one) => one.toLowerCase().split("-")[0] === language) ?? language;

const clock = (ms) => {
  const whole = Math.floor(ms / 1000);
  const two = (n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
};

/** Seconds as a number, 5:12, 1:05:12, 312s or 5m12s; anything else is the beginning. */
const secondOf = (text) => {
  const [, h = 0, m = 0, s = 0] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d*)?)s?)?$/.exec(text) ?? [];
  if (/^\d+(:[0-5]?\d){1,2}$/.test(text)) return text.split(":").reduce((all, part) => 60 * all + Number(part), 0);
  return 3600 * h + 60 * m + Number(s);
};

const dayIn = (language, day) =>
  new Intl.DateTimeFormat(regionOf(language), { dateStyle: "long", timeZone: "UTC" }).format(new Date(day));

const byline = (one, language) =>
  [one.speakers?.join(", "), one.date ? dayIn(language, one.date) : one.year, one.series].filter(Boolean).join(" · ");

/* Elements: text is only ever text */

const made = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

const marked = (spans) => spans.map((span) => (span.hit ? made("mark", { part: "mark" }, span.text) : span.text));

/* The archive */

/** Why the archive gave no answer: the name of a text, and when to try again. */
class Refusal extends Error {
  constructor(reason, retryS = null) {
    super(reason);
    this.reason = reason;
    this.retryS = retryS;
  }
}

const REASONS = {
  key_revoked: "key_revoked", key_expired: "key_expired", origin_refused: "origin_refused",
  series_refused: "series_refused", key_missing: "key_missing",
  not_found: "not_found", withdrawn: "withdrawn", no_transcript: "noTranscript", no_media: "noTranscript",
  invalid_query: "query", invalid_parameter: "query",
};

const refusalOf = async (answer) => {
  let code = "";
  try {
    code = String((await answer.json()).code ?? "").replaceAll("-", "_");
  } catch { /* a proxy's page: its status must do */ }
  if (answer.status === 429 || code === "overloaded") {
    const asked = Number(answer.headers.get("retry-after")) || RETRY_S;
    return new Refusal("busy", Math.min(asked, LONGEST_RETRY_S));
  }
  if (REASONS[code]) return new Refusal(REASONS[code]);
  return new Refusal([401, 403].includes(answer.status) ? "key" : "failed");
};

/** Ask the archive that an element names.  Throws a Refusal, or AbortError when nobody waits any more. */
const ask = async (element, path, signal) => {
  const key = element.getAttribute("key");
  const headers = { accept: "application/json", ...(key && { authorization: `Bearer ${key}` }) };
  const late = AbortSignal.timeout(PATIENCE_MS);
  let answer;
  try {
    answer = await fetch(addressOf(element, path), { headers, credentials: "omit", signal: AbortSignal.any?.([signal, late]) ?? signal });
    if (answer.ok) return await answer.json();
  } catch (problem) {
    if (signal.aborted) throw problem;
    throw new Refusal("unreachable");
  }
  throw await refusalOf(answer);
};

/** An address of the archive; anything but http and https leads to its first page. */
const addressOf = (element, path) => {
  try {
    const address = new URL(path, element.getAttribute("archive") || HOME);
    if (["http:", "https:"].includes(address.protocol)) return address.href;
  } catch { /* no address */ }
  return `${HOME}/`;
};

/* Looks: every colour is a variable; light and dark follow `color-scheme` */

const LOOK = `
:host {
  --_paper: var(--talk-search-paper, light-dark(#fff, #14171a));
  --_ink: var(--talk-search-ink, light-dark(#1a1d1f, #e8eaea));
  --_soft: var(--talk-search-ink-soft, light-dark(#555c60, #a3abb0));
  --_line: var(--talk-search-line, light-dark(#dcdfda, #30363b));
  --_accent: var(--talk-search-accent, light-dark(#0b5c63, #6fc3c9));
  --_wash: var(--talk-search-wash, light-dark(#e2f0f0, #17343a));
  --_hit: var(--talk-search-hit, light-dark(#ffe08a, #6a5312));
  --_round: var(--talk-search-radius, 6px);
  display: block; position: relative; text-align: start; line-height: 1.5;
  font-family: var(--talk-search-font, inherit); flex: 1 1 18rem; min-width: 0;
}
:host > * { white-space: normal; text-indent: 0; text-transform: none; word-break: normal } /* the page's rules may be odd */
:host([theme="auto"]) { color-scheme: light dark }
:host([theme="light"]) { color-scheme: light }
:host([theme="dark"]) { color-scheme: dark }
:host([hidden]), [hidden] { display: none !important }
* { box-sizing: border-box }
h2, h3, p, ol { margin: 0; padding: 0 }
[dir="auto"] { text-align: match-parent }
ol { list-style: none }
button, input { font: inherit; color: inherit; letter-spacing: inherit }
a { color: var(--_accent); text-underline-offset: .18em }
:focus-visible { outline: 2px solid var(--_accent); outline-offset: 2px; border-radius: 3px }
mark { background: var(--_hit); color: inherit; padding: 0 .1em; border-radius: 2px }
.t { color: var(--_accent); font-size: .8125em; font-weight: 600; font-variant-numeric: tabular-nums; white-space: nowrap }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
.soft { color: var(--_soft); font-size: .8125em }
.message { padding: .6em .8em; color: var(--_ink); background: var(--_paper); border: 1px solid var(--_line); border-inline-start: 3px solid var(--_accent); border-radius: var(--_round); font-size: .875em }
`;

const SEARCH_LOOK = `
input { width: 100%; min-height: 2.75em; padding: .5em .8em; border: 1px solid color-mix(in srgb, currentColor 62%, transparent); border-radius: var(--_round); background: transparent; appearance: none }
input::placeholder { color: inherit; opacity: .85 }
input::-webkit-search-cancel-button { display: none }
input:focus-visible { outline: 2px solid var(--_accent); outline-offset: 0; border-color: var(--_accent); border-radius: var(--_round) }
.below { position: absolute; z-index: var(--talk-search-layer, 1000); inset-inline: 0; top: calc(100% + .4em) }
.popup { font-size: .9375em; color: var(--_ink); background: var(--_paper); border: 1px solid var(--_line); border-radius: var(--_round); box-shadow: 0 8px 28px rgb(0 0 0 / .16); padding: .4em }
.list { max-height: min(34em, 70vh); overflow: auto; overscroll-behavior: contain }
.state { padding: .6em .8em }
.group + .group { border-top: 1px solid var(--_line); margin-top: .4em; padding-top: .4em }
.head { padding: .4em .6em .2em }
.title { font-weight: 600; line-height: 1.3 }
.kind { font-size: .75em; font-weight: 600; color: var(--_soft); border: 1px solid var(--_line); border-radius: 3px; padding: 0 .4em; margin-inline-start: .5em; white-space: nowrap }
.option { display: grid; grid-template-columns: 3.4em minmax(0, 1fr); gap: .4em; align-items: baseline; min-height: 2em; padding: .35em .6em; border-radius: calc(var(--_round) - 2px); color: inherit; text-decoration: none; cursor: pointer; overflow-wrap: anywhere; }
.snippet { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 4; line-clamp: 4; overflow: hidden }
.option.whole { grid-template-columns: 1fr; color: var(--_accent) }
.option:hover, .option[aria-selected="true"] { background: var(--_wash) }
.option[aria-selected="true"] { box-shadow: inset 3px 0 var(--_accent) }
.all { border-top: 1px solid var(--_line); margin-top: .4em; padding-top: .4em }
.all .option { font-size: .875em }
dialog { width: min(72rem, 100vw - 2rem); max-width: none; max-height: calc(100dvh - 2rem); padding: 0; border: 1px solid var(--_line); border-radius: calc(var(--_round) + 2px); color: var(--_ink); background: var(--_paper); box-shadow: 0 16px 60px rgb(0 0 0 / .3); overflow: auto; overscroll-behavior: contain }
dialog::backdrop { background: rgb(0 0 0 / .55) }
.bar { position: sticky; top: 0; z-index: 1; display: flex; gap: 1em; justify-content: space-between; align-items: center; padding: .6em 1.2em; background: var(--_paper); border-bottom: 1px solid var(--_line); font-size: .875em }
.bar a { display: inline-flex; align-items: center; min-height: 2.3em }
.bar button { min-height: 2.3em; padding: 0 .9em; border: 1px solid var(--_soft); border-radius: var(--_round); background: var(--_paper); cursor: pointer }
.bar button:hover { background: var(--_wash) }
dialog talk-player { padding: 1.2em }
@media (max-width: 40rem) {
  dialog { inset: 0; margin: 0; width: 100vw; height: 100dvh; max-height: none; border: 0; border-radius: 0 }
  .bar { padding-inline: 1em }
  dialog talk-player { padding: 1em }
}
@media (max-width: 26rem) { .option { grid-template-columns: minmax(0, 1fr); gap: 0 } }
@media (prefers-reduced-motion: no-preference) { dialog[open] { animation: come .16s ease-out } @keyframes come { from { opacity: 0; transform: translateY(6px) } } }
`;

const PLAYER_LOOK = `
:host { container-type: inline-size; color: var(--_ink); background: var(--_paper) }
.talk { display: grid; gap: 1.4em; grid-template-columns: minmax(0, 1fr) }
.stage { display: grid; gap: .8em; align-content: start; min-width: 0 }
.title { font-size: 1.25em; font-weight: 600; line-height: 1.25; overflow-wrap: anywhere }
video { width: 100%; aspect-ratio: 16 / 9; background: #14171a; box-shadow: 0 0 0 1px var(--_line); border-radius: var(--_round) }
audio { width: 100% }
.text { min-width: 0; border-top: 1px solid var(--_line) }
.tools { display: flex; justify-content: space-between; align-items: center; gap: 1em; padding: .5em 0 }
.tools h3 { font-size: 1em; font-weight: 600 }
.tools label { display: inline-flex; align-items: center; gap: .5em; min-height: 2em; cursor: pointer; font-size: .875em }
.tools input { width: 1.1em; height: 1.1em; margin: 0; accent-color: var(--_accent) }
.lines { position: relative; max-height: var(--talk-search-transcript-height, 24em); overflow: auto; overscroll-behavior: contain; padding-inline-end: .4em }
.line { display: grid; grid-template-columns: 3.4em minmax(0, 1fr); gap: .6em; align-items: baseline; width: 100%; min-height: 2em; padding: .3em .4em; border: 0; border-radius: 3px; background: none; text-align: start; cursor: pointer; overflow-wrap: anywhere }
.line:hover { background: color-mix(in srgb, var(--_wash) 55%, transparent) }
.line:focus-visible { outline-offset: -2px }
.line.now { background: var(--_wash) }
.said { padding: .3em 0 }
.talk.heard { max-width: 44rem; margin-inline: auto; gap: .8em }
@container (min-width: 46rem) {
  .talk.seen { grid-template-columns: minmax(0, 5fr) minmax(0, 6fr) }
  .seen .text { border-top: 0 }
}
@media (prefers-reduced-motion: no-preference) { .line { transition: background .2s } }
`;

const sheet = (text) => {
  const made = new CSSStyleSheet();
  made.replaceSync(text);
  return made;
};
const BASE = sheet(LOOK);
const SEARCH = sheet(SEARCH_LOOK);
const PLAYER = sheet(PLAYER_LOOK);

/** What both elements share: a shadow with its looks, its language, a fresh start when an attribute changes. */
class Part extends HTMLElement {
  #due = false;

  constructor(look) {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [BASE, look];
  }

  connectedCallback() { this.#renew(); }

  disconnectedCallback() { this.stop(); }

  attributeChangedCallback(_, before, after) { if (this.isConnected && before !== after) this.#renew(); }

  #renew() {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      this.stop();
      if (!this.isConnected) return;
      this.language = languageOf(this);
      this.texts = TEXTS[this.language];
      this.start();
    });
  }
}

/** A search box over one archive: an ARIA combobox whose list box holds passages, grouped by talk and paper. */
class TalkSearch extends Part {
  static observedAttributes = ["archive", "key", "series", "lang", "limit", "placeholder", "open"];

  #input;
  #below;
  #popup;
  #list;
  #told;
  #dialog = null;
  #options = [];
  #at = -1;
  #asked = null;
  #timers = new Set();
  #shown = "";

  constructor() { super(SEARCH); }

  start() {
    const { texts } = this;
    this.#input = made("input", {
      type: "search", part: "input", role: "combobox", "aria-label": this.getAttribute("placeholder") || texts.label,
      placeholder: this.getAttribute("placeholder") || texts.label, "aria-autocomplete": "list", "aria-expanded": "false",
      "aria-controls": "list", autocomplete: "off", spellcheck: "false", maxlength: LONGEST, enterkeyhint: "search",
    });
    this.#list = made("div", { id: "list", class: "list", part: "list", tabindex: "-1", role: "listbox", "aria-label": texts.results });
    this.#popup = made("div", { class: "popup", part: "popup", hidden: "" });
    this.#told = made("span", { class: "unseen", role: "status" });
    this.#below = made("div", { class: "below" }, this.#popup);
    this.shadowRoot.replaceChildren(made("div", { lang: this.language }, this.#input, this.#below, this.#told));
    this.#popup.append(this.#list);
    this.#listen();
  }

  stop() {
    this.#forget();
    this.#dialog?.close();
    this.#dialog = null;
    this.shadowRoot.replaceChildren();
  }

  get #query() { return this.#input.value.trim(); }

  get #isOpen() { return !this.#popup.hidden; }

  #listen() {
    this.#input.addEventListener("input", () => this.#typed());
    this.#input.addEventListener("keydown", (event) => this.#pressed(event));
    this.#input.addEventListener("focus", () => this.#returned());
    this.#input.addEventListener("blur", () => this.#left());
    this.#popup.addEventListener("mousedown", (event) => { if (event.button === 0) event.preventDefault(); }); // the box keeps the focus
    this.#list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#clicked(event, option);
    });
  }

  #after(ms, act) {
    const timer = setTimeout(() => { this.#timers.delete(timer); act(); }, ms);
    this.#timers.add(timer);
  }

  /** Wait for nothing any more. */
  #forget() {
    this.#timers.forEach(clearTimeout);
    this.#timers.clear();
    this.#asked?.abort();
  }

  /** Put the caret into the box. */
  focus(options) { this.#input?.focus(options); }

  #returned() {
    if (this.#isOpen || this.#query.length < SHORTEST) return;
    if (this.#shown === this.#query && this.#options.length) this.#open(true);
    else this.#search();
  }

  /** Nobody waits: ask nothing more, not even a busy archive again. */
  #left() {
    if (this.#dialog?.open) return;
    this.#forget();
    this.#close();
  }

  #typed() {
    this.#forget();
    if (this.#query.length < SHORTEST) {
      this.#shown = "";
      this.#close();
    } else this.#after(WAIT_MS, () => this.#search());
  }

  async #search() {
    this.#forget();
    const query = this.#query;
    if (query.length < SHORTEST) return;
    const { signal } = (this.#asked = new AbortController());
    this.#after(SLOW_MS, () => { if (!this.#isOpen) this.#say(this.texts.searching); });
    let answer;
    try {
      answer = await ask(this, `/api/v1/search?${this.#parameters(query)}`, signal);
    } catch (problem) {
      if (!signal.aborted) this.#refused(problem);
      return;
    }
    if (signal.aborted) return; // a newer question is under way
    this.#timers.forEach(clearTimeout);
    this.#show(answer, query);
  }

  #parameters(query) {
    const parameters = new URLSearchParams({ q: query, limit: this.#limit });
    const series = this.getAttribute("series");
    if (series) parameters.set("series", series);
    return parameters;
  }

  get #limit() {
    const limit = parseInt(this.getAttribute("limit") ?? "6", 10);
    return Number.isNaN(limit) ? 6 : Math.min(20, Math.max(1, limit));
  }

  #show(answer, query) {
    this.#shown = query;
    this.#options = [];
    if (!answer.hits.length) {
      this.#say(this.texts.none(query));
      return;
    }
    const groups = answer.hits.map((hit) => this.#group(hit));
    const passages = this.#options.length;
    const all = this.#option({ class: "option whole", part: "option more", href: this.#address(this.#more(query)) }, this.texts.all);
    this.#list.replaceChildren(...groups, made("div", { role: "group", class: "all", "aria-label": this.texts.all }, all));
    const note = answer.degraded.includes("dense") ? this.texts.words : "";
    this.#popup.replaceChildren(this.#list, ...(note ? [made("p", { class: "state soft", part: "note" }, note)] : []));
    this.#list.scrollTop = 0;
    this.#told.textContent = `${this.texts.found(passages, answer.hits.length)}. ${note}`;
    this.#open(true);
  }

  #more(query) {
    const series = this.getAttribute("series");
    return `/search?${new URLSearchParams({ q: query, ...(series && { series }) })}`;
  }

  #address(path) { return addressOf(this, path); }

  #group(hit) {
    const id = `g${this.#options.length}`;
    const kind = hit.kind === "paper" ? [made("span", { class: "kind", part: "kind" }, this.texts.paper)] : [];
    const head = made("div", { class: "head", id, role: "presentation" },
      made("div", { class: "title", part: "title", dir: "auto" }, hit.title, ...kind),
      made("div", { class: "soft", part: "meta" }, byline(hit, this.language)));
    const passages = hit.passages.slice(0, PASSAGES).map((passage) => this.#passage(hit, passage));
    const whole = passages.length ? [] : [this.#option({ class: "option whole", part: "option", href: this.#address(hit.url) }, this.texts.open)];
    return made("div", { role: "group", class: "group", part: "group", "aria-labelledby": id }, head, ...passages, ...whole);
  }

  #passage(hit, passage) {
    const place = passage.page !== null ? this.texts.page(passage.page) : passage.start_ms !== null ? clock(passage.start_ms) : "";
    const option = this.#option({ class: "option", part: "option", href: this.#address(passage.url) },
      made("span", { class: "t", part: "time" }, place),
      made("span", { class: "snippet", part: "snippet", dir: "auto" }, ...marked(passage.snippet)));
    if (hit.kind === "talk") option.at = { talk: hit.id, ms: passage.start_ms ?? 0, title: hit.title, href: option.href };
    return option;
  }

  #option(attributes, ...children) {
    const option = made("a", { id: `o${this.#options.length}`, role: "option", tabindex: "-1", "aria-selected": "false", ...attributes }, ...children);
    this.#options.push(option);
    return option;
  }

  /** A sentence in the place of results. */
  #say(text, part = "state") {
    this.#options = [];
    this.#list.replaceChildren();
    this.#popup.replaceChildren(this.#list, made("p", { class: "state", part }, text));
    this.#told.textContent = text;
    this.#open(false);
  }

  #refused(problem) {
    this.#timers.forEach(clearTimeout);
    if (!(problem instanceof Refusal)) throw problem;
    const text = this.texts[problem.reason];
    this.#shown = "";
    this.#say(typeof text === "function" ? text(problem.retryS) : text, "state error");
    if (problem.retryS) this.#after(problem.retryS * 1000, () => this.#search());
    this.dispatchEvent(new CustomEvent("talk-search-refused", { detail: { reason: problem.reason }, bubbles: true }));
  }

  #open(withOptions) {
    this.#mark(-1);
    if (this.shadowRoot.activeElement !== this.#input) return;
    this.#popup.hidden = false;
    this.#fit();
    this.#input.setAttribute("aria-expanded", String(withOptions));
  }

  /** As high as the window has room below the box, within reason. */
  #fit() {
    const room = innerHeight - this.#list.getBoundingClientRect().top - ROOM_PX;
    this.#list.style.maxHeight = `min(34em, ${Math.max(LOWEST_PX, room)}px)`;
  }

  #close() {
    this.#mark(-1);
    this.#popup.hidden = true;
    this.#input.setAttribute("aria-expanded", "false");
  }

  #mark(at) {
    this.#options[this.#at]?.setAttribute("aria-selected", "false");
    this.#at = at;
    const option = this.#options[at];
    if (!option) {
      this.#input.removeAttribute("aria-activedescendant");
      return;
    }
    option.setAttribute("aria-selected", "true");
    this.#input.setAttribute("aria-activedescendant", option.id);
    this.#bring(option);
  }

  /** Scroll the list, never the host's page. */
  #bring(option) {
    const [box, one] = [this.#list.getBoundingClientRect(), option.getBoundingClientRect()];
    const head = option.previousElementSibling?.matches(".head") ? option.previousElementSibling.offsetHeight : 0;
    if (one.top - head < box.top + 8) this.#list.scrollTop -= box.top + 8 - one.top + head;
    else if (one.bottom > box.bottom - 8) this.#list.scrollTop += one.bottom - box.bottom + 8;
  }

  #pressed(event) {
    if (event.isComposing) return;
    const { key } = event;
    const count = this.#options.length;
    if (key === "Escape") {
      if (!this.#isOpen && !this.#input.value) return;
      event.preventDefault();
      if (!this.#isOpen) this.#input.value = "";
      this.#forget();
      this.#close();
    } else if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      if (!this.#isOpen || !count) {
        if (!this.#isOpen && count && this.#shown === this.#query) this.#open(true);
        else this.#search();
        return;
      }
      const places = count + 1; // one of them is the box itself
      this.#mark(((this.#at + 1 + (key === "ArrowDown" ? 1 : -1) + places) % places) - 1);
    } else if (key === "Enter") {
      event.preventDefault();
      const option = this.#isOpen ? this.#options[this.#at] : null;
      if (!option) this.#search();
      else option.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ctrlKey: event.ctrlKey, metaKey: event.metaKey, shiftKey: event.shiftKey }));
    }
  }

  #clicked(event, option) {
    const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (elsewhere || !option.at || this.getAttribute("open") === "archive") return;
    event.preventDefault();
    this.#mark(this.#options.indexOf(option));
    this.#play(option.at);
  }

  #play(at) {
    const { texts } = this;
    const player = made("talk-player", {
      talk: at.talk, t: Math.floor(at.ms / 1000), archive: this.getAttribute("archive"), key: this.getAttribute("key"),
      lang: this.language, autoplay: "", part: "player", exportparts: "title:talk-title,meta,media,transcript,line,time",
    });
    const close = made("button", { type: "button", part: "close" }, texts.close);
    const dialog = made("dialog", { part: "dialog", "aria-label": at.title },
      made("div", { class: "bar", part: "bar" }, made("a", { href: at.href, part: "link" }, texts.open), close), player);
    this.#dialog = dialog;
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    dialog.addEventListener("close", () => {
      dialog.remove();
      this.#dialog = null;
      this.#input.focus(); // the list is as it was left, and the same option is marked
    });
    this.shadowRoot.firstChild.append(dialog);
    dialog.showModal();
    close.focus();
  }
}

/** One talk: its recording, and its transcript that follows. */
class TalkPlayer extends Part {
  static observedAttributes = ["talk", "t", "archive", "key", "lang"];

  #asked = null;
  #again = 0;
  #player = null;
  #follow = null;
  #scroller = null;
  #lines = [];
  #now = null;

  constructor() { super(PLAYER); }

  start() {
    this.shadowRoot.replaceChildren(made("p", { class: "soft", role: "status" }, this.texts.loading));
    this.#load();
  }

  stop() {
    clearTimeout(this.#again);
    this.#asked?.abort();
    this.#player?.pause();
    this.#player = this.#follow = this.#scroller = this.#now = null;
    this.#lines = [];
    this.shadowRoot.replaceChildren();
  }

  /** What names the talk: its id or slug, also where its whole address was given. */
  get #key() { return (this.getAttribute("talk") ?? "").trim().replace(/^.*\/talks\//, "").replace(/[/?#].*$/, ""); }

  get #path() { return `/api/v1/talks/${encodeURIComponent(this.#key)}`; }

  async #load() {
    if (!this.#key) return this.#refused(new Refusal("not_found"));
    const { signal } = (this.#asked = new AbortController());
    const said = ask(this, `${this.#path}/transcript?format=json`, signal).catch((problem) => problem);
    try {
      const talk = await ask(this, this.#path, signal);
      const transcript = talk.has_transcript ? await said : null;
      if (transcript?.retryS) throw transcript;
      if (!signal.aborted) this.#show(talk, transcript);
    } catch (problem) {
      if (!signal.aborted) this.#refused(problem);
    }
  }

  #refused(problem) {
    if (!(problem instanceof Refusal)) throw problem;
    this.shadowRoot.replaceChildren(this.#message(problem));
    if (problem.retryS) this.#again = setTimeout(() => this.#load(), 1000 * problem.retryS);
  }

  #message(problem) {
    const text = this.texts[problem.reason];
    return made("p", { class: "message", part: "error", role: "alert" }, typeof text === "function" ? text(problem.retryS) : text);
  }

  #show(talk, transcript) {
    const { texts } = this;
    const stage = made("div", { class: "stage" },
      made("div", {},
        made("h2", { class: "title", part: "title", dir: "auto" }, talk.title),
        made("p", { class: "soft", part: "meta" }, byline(talk, this.language))));
    stage.append(talk.media_url ? this.#recording(talk) : made("p", { class: "soft" }, texts.noRecording));
    if (talk.partial) stage.append(made("p", { class: "soft" }, texts.partial));
    const look = this.#player?.localName === "video" ? "seen" : "heard";
    this.shadowRoot.replaceChildren(made("div", { class: `talk ${look}`, lang: this.language }, stage, this.#text(transcript)));
    if (this.#player) this.#wire(transcript);
  }

  #recording(talk) {
    const kind = talk.media_type?.startsWith("video/") ? "video" : "audio";
    const player = made(kind, { controls: "", preload: "metadata", part: "media", "aria-label": talk.title, src: addressOf(this, talk.media_url) });
    this.#player = player;
    const cannot = made("p", { class: "message", part: "error", role: "alert", hidden: "" }, this.texts.unplayable);
    let anew = -Infinity;
    player.addEventListener("error", async () => {
      const soon = performance.now() - anew < ANEW_MS;
      anew = performance.now();
      const why = soon ? null : await this.#anew(player);
      if (why === "gone on") return;
      cannot.textContent = typeof this.texts[why] === "string" ? this.texts[why] : this.texts.unplayable;
      cannot.hidden = false;
    });
    return made("div", {}, player, cannot);
  }

  /** Ask for the address again and go on: where reading needs a key, it holds for hours only.  Else why not. */
  async #anew(player) {
    const { currentTime, paused } = player;
    const talk = await ask(this, this.#path, this.#asked.signal).catch((problem) => problem);
    if (!talk.media_url) return talk.reason ?? null;
    player.src = addressOf(this, talk.media_url);
    player.currentTime = currentTime;
    if (!paused) player.play().catch(() => {});
    return "gone on";
  }

  #text(transcript) {
    const { texts } = this;
    const section = made("section", { class: "text", part: "transcript", "aria-label": texts.transcript });
    const tools = made("div", { class: "tools" }, made("h3", {}, texts.transcript));
    if (!transcript?.segments) {
      const reason = transcript instanceof Refusal ? this.#message(transcript) : made("p", { class: "soft" }, texts.noTranscript);
      section.append(tools, reason);
      return section;
    }
    const list = made("ol", { lang: transcript.language });
    this.#scroller = made("div", { class: "lines" }, list);
    if (transcript.timed && this.#player) {
      this.#follow = made("input", { type: "checkbox" });
      this.#follow.checked = true;
      tools.append(made("label", {}, this.#follow, texts.follow));
      this.#lines = transcript.segments.map((one) => this.#line(one));
      list.append(...this.#lines.map((line) => made("li", {}, line)));
      if (this.#lines[0]) this.#lines[0].tabIndex = 0;
    } else {
      this.#scroller.tabIndex = 0;
      this.#scroller.setAttribute("role", "group");
      this.#scroller.setAttribute("aria-label", texts.transcript);
      list.append(...transcript.segments.map((one) => made("li", { class: "said" }, one.text)));
    }
    section.append(tools, this.#scroller);
    return section;
  }

  /** One line to click; the arrow keys go from line to line, so that Tab passes them all at once. */
  #line(segment) {
    const line = made("button", { type: "button", class: "line", part: "line", tabindex: "-1" },
      made("span", { class: "t", part: "time" }, clock(segment.start_ms)), made("span", { dir: "auto" }, segment.text));
    line.from = segment.start_ms;
    line.to = segment.end_ms;
    return line;
  }

  #wire(transcript) {
    const player = this.#player;
    const asked = secondOf(this.getAttribute("t") ?? "");
    const begun = this.#lines.find((line) => Math.floor(line.from / 1000) === Math.floor(asked));
    const start = begun ? begun.from / 1000 : asked; // a whole second means the line that begins within it
    const begin = () => {
      if (start) player.currentTime = start;
      this.#light(this.#lineAt(start * 1000), true);
      if (this.hasAttribute("autoplay")) player.play().catch(() => {}); // a browser may refuse: the button is there
    };
    if (player.readyState >= 1) begin();
    else player.addEventListener("loadedmetadata", begin, { once: true });
    for (const name of ["timeupdate", "seeked"]) player.addEventListener(name, () => this.#light(this.#lineAt(player.currentTime * 1000 + EARLY_MS)));
    if (!this.#lines.length) return;
    this.#light(this.#lineAt(start * 1000), true);
    this.#captions(transcript);
    this.#scroller.addEventListener("click", (event) => {
      const line = event.target.closest(".line");
      if (line) this.#seek(line);
    });
    this.#scroller.addEventListener("keydown", (event) => this.#pressed(event));
    for (const name of ["wheel", "touchmove"]) this.#scroller.addEventListener(name, () => { this.#follow.checked = false; }, { passive: true });
    this.#follow.addEventListener("change", () => { if (this.#follow.checked && this.#now) this.#bring(this.#now); });
  }

  /** Captions of the player itself, off until somebody switches them on. */
  #captions(transcript) {
    if (this.#player.localName !== "video") return;
    const track = this.#player.addTextTrack("captions", this.texts.transcript, transcript.language);
    track.mode = "hidden";
    for (const one of transcript.segments) track.addCue(new VTTCue(one.start_ms / 1000, one.end_ms / 1000, one.text));
  }

  #seek(line) {
    this.#player.currentTime = line.from / 1000;
    this.#light(line);
  }

  #pressed(event) {
    const at = this.#lines.indexOf(this.shadowRoot.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: this.#lines.length - 1 }[event.key];
    const line = this.#lines[to];
    if (at < 0 || !line) return;
    event.preventDefault();
    this.#tabStop(line);
    line.focus({ preventScroll: true });
    this.#bring(line);
  }

  #tabStop(line) {
    for (const one of this.#lines) if (one.tabIndex === 0) one.tabIndex = -1;
    line.tabIndex = 0;
  }

  /** The last line that has begun, if it is still being said. */
  #lineAt(ms) {
    let [low, high] = [0, this.#lines.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#lines[middle].from <= ms) low = middle + 1;
      else high = middle;
    }
    const line = this.#lines[low - 1];
    return line && ms < line.to + LINGER_MS ? line : null;
  }

  #light(line, always = false) {
    if (line === this.#now && !always) return;
    this.#now?.classList.remove("now");
    this.#now?.removeAttribute("aria-current");
    this.#now = line;
    if (!line) return;
    line.classList.add("now");
    line.setAttribute("aria-current", "true");
    if (!this.#lines.includes(this.shadowRoot.activeElement)) this.#tabStop(line);
    if (this.#follow.checked) this.#bring(line);
  }

  /** Scroll the transcript, never the page around it. */
  #bring(line) {
    const { scrollTop, clientHeight } = this.#scroller;
    const top = line.offsetTop;
    if (top >= scrollTop + 8 && top + line.offsetHeight <= scrollTop + clientHeight - 8) return;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#scroller.scrollTo({ top: Math.max(0, top - clientHeight * 0.3), behavior: still ? "auto" : "smooth" });
  }
}

for (const [name, part] of [["talk-player", TalkPlayer], ["talk-search", TalkSearch]]) {
  if (!customElements.get(name)) customElements.define(name, part);
}
