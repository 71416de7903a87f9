"""A list of files with what is known of them, YAML or CSV; checked whole before anything starts.

    papers: [{file, title, authors, year, venue, abstract, arxiv_id, doi, visibility}]
    talks:  [{file, title, speakers, series, date, abstract, language, papers, slides, visibility,
              captions, talk}]

As CSV, one file a row and several values of a cell parted by `;`.  File names are relative to the
list.  A talk names papers of the same list by their file, others by their id.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from catalog import joining
from catalog.engine import Catalog
from catalog.errors import CatalogProblem
from catalog.names import by_key
from catalog.papers import NewPaper
from catalog.tables import Paper
from catalog.talks import NewTalk
from ingest.accept import is_pdf
from ingest.captions import is_captions
from ingest.errors import BadManifest
from ingest.fields import PAPER_KEYS, TALK_KEYS, paper_of, talk_of, unknown_keys
from ingest.rows import Fault, Row, read_rows

LISTS = frozenset({"speakers", "authors", "papers", "slides"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of a list.

    `papers` are the files of the list that a talk names, `captions` the captions that come with a
    recording, `talk` the talk of the archive that it belongs to, `line` where it stands.
    """

    path: Path
    about: NewTalk | NewPaper
    papers: tuple[str, ...] = ()
    captions: Path | None = None
    talk: str | None = None
    line: int = 0

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that the entry speaks of."""
        return (self.path,) if self.captions is None else (self.path, self.captions)


def read_manifest(path: Path) -> list[Entry]:
    """The entries, papers first.  Raises: BadManifest, naming every fault with its line."""
    rows, faults = read_rows(path, lists=LISTS)
    papers: list[Entry] = []
    spoken: list[Entry] = []
    for row in rows:
        try:
            entry, wrong = _entry(path.parent, row)
        except Fault as fault:
            entry, wrong = None, [str(fault)]
        faults += wrong
        if entry is not None:
            (papers if isinstance(entry.about, NewPaper) else spoken).append(entry)
    listed = {entry.path.name for entry in papers}
    found = [*papers, *(_linked(entry, listed) for entry in spoken)]
    faults += [*_twice(found), *_same_talk(found), *_unlisted(found)]
    if not rows and not faults:
        faults.append("it lists nothing")
    if faults:
        raise BadManifest(path, sorted(dict.fromkeys(faults), key=_line_of))
    return found


def check_with(catalog: Catalog, path: Path, entries: Iterable[Entry]) -> None:
    """Compare a list with the archive: its talks and papers exist, and can take what comes.

    Raises: BadManifest, naming every fault with its line.
    """
    faults: list[str] = []
    with catalog.read() as session:
        for entry in entries:
            if isinstance(entry.about, NewPaper):
                continue
            try:
                for key in entry.about.papers:
                    by_key(session, Paper, "paper, nor has the list a file,", key)
                joining.look(session, entry.about, entry.talk)
            except CatalogProblem as problem:
                faults.append(f"line {entry.line}: {problem}")
    if faults:
        raise BadManifest(path, faults)


def _entry(folder: Path, row: Row) -> tuple[Entry | None, list[str]]:
    """An entry, and what is wrong with it."""
    name = row.one("file") or row.one("captions")
    if name is None:
        return None, [f"line {row.line}: an entry needs a `file`"]
    path = folder / name
    is_paper = row.kind == "papers" or (row.kind is None and is_pdf(path))
    faults = unknown_keys(row, PAPER_KEYS if is_paper else TALK_KEYS)
    if not path.is_file():
        faults.append(f"line {row.line_of('file')}: there is no file {path}")
    captions = folder / str(row.one("captions")) if row.all("captions") else None
    if captions is not None:
        faults += _caption_faults(row, captions)
    if not row.all("title") and not row.all("talk"):
        faults.append(f"line {row.line}: an entry needs a `title`")
    about, wrong = paper_of(row) if is_paper else talk_of(row)
    return (
        Entry(
            path=path,
            about=about,
            papers=row.all("papers"),
            captions=captions if captions != path else None,
            talk=row.one("talk"),
            line=row.line,
        ),
        faults + wrong,
    )


def _caption_faults(row: Row, captions: Path) -> Iterator[str]:
    line = row.line_of("captions")
    if not captions.is_file():
        yield f"line {line}: there is no file {captions}"
    elif not is_captions(captions):
        yield f"line {line}: {captions.name} is neither .vtt, .srt nor .txt"


def _linked(entry: Entry, listed: set[str]) -> Entry:
    """A talk with the papers of the list that it names, and the others by their ids."""
    names = [Path(name).name for name in entry.papers]
    mine = tuple(name for name in names if name in listed)
    others = tuple(key for key, name in zip(entry.papers, names, strict=True) if name not in listed)
    if isinstance(entry.about, NewPaper):
        return entry
    return replace(entry, papers=mine, about=replace(entry.about, papers=others))


def _unlisted(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        names = entry.about.papers if isinstance(entry.about, NewTalk) else ()
        for name in names:
            if name.lower().endswith(".pdf"):
                yield f"line {entry.line}: {entry.path.name} names {name}, which is not in the list"


def _twice(entries: Iterable[Entry]) -> Iterator[str]:
    seen: dict[Path, int] = {}
    for entry in entries:
        for file in entry.files:
            path = file.resolve()
            if path in seen:
                yield f"line {entry.line}: {file.name} is on line {seen[path]} already"
            seen.setdefault(path, entry.line)


def _same_talk(entries: Iterable[Entry]) -> Iterator[str]:
    seen: dict[tuple[str, bool], int] = {}
    for entry in entries:
        if entry.talk is None:
            continue
        key = entry.talk, is_captions(entry.path)
        if key in seen:
            yield f"line {entry.line}: talk {entry.talk} has a file on line {seen[key]} already"
        seen.setdefault(key, entry.line)


def _line_of(fault: str) -> int:
    number = fault.removeprefix("line ").partition(":")[0]
    return int(number) if number.isdigit() else 0
