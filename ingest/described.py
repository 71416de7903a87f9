"""What is known of a file without a list: by its name, and by a side-car beside it.

`2021-02-01 Speaker - Title.mp4` tells day, speakers and title; `NAME.yaml` beside `NAME.mp4` has
the keys of a list's entry.  A side-car counts more than a name.
"""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

from catalog.papers import NewPaper
from catalog.talks import NewTalk
from ingest.accept import is_pdf
from ingest.errors import BadManifest
from ingest.fields import PAPER_KEYS, TALK_KEYS, paper_of, talk_of, unknown_keys
from ingest.manifest import Entry
from ingest.pdf import read_pdf
from ingest.rows import Fault, Row, read_side_car

SIDE_CARS = (".yaml", ".yml")
_OF_LISTS = {"file", "captions"}  # beside a file, captions are found by their name
NAME = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})[\s_]+(?:(?P<who>.+?)\s+[-–—]\s+)?(?P<title>\S.*)", re.DOTALL
)


def named(path: Path) -> NewTalk:
    """What a file's name tells of a talk; at least a title."""
    words = path.stem if " " in path.stem else path.stem.replace("_", " ")
    found = NAME.fullmatch(words.strip())
    day = _day(found["day"]) if found else None
    if found is None or day is None:
        return NewTalk(title=words.strip() or path.name)
    who = re.split(r"\s*(?:[,;&]|\band\b)\s*", found["who"] or "")
    return NewTalk(
        title=" ".join(found["title"].split()),
        speakers=tuple(name for name in who if name),
        held_on=day,
    )


def paper_in(path: Path) -> NewPaper:
    """What a PDF tells of itself, with its name for a title that it does not tell.

    Raises: UnreadablePdf, PdfWithoutText, TooLarge, DecoderStopped.
    """
    known = read_pdf(path).about
    return NewPaper(
        title=known.title or named(path).title,
        title_is_known=bool(known.title),
        authors=known.authors,
        year=known.year,
        abstract=known.abstract,
        arxiv_id=known.arxiv_id,
        doi=known.doi,
    )


def side_car_of(path: Path) -> Path | None:
    """The file beside it that describes it, if there is one."""
    names = [path.with_suffix(end) for end in SIDE_CARS]
    names += [path.with_name(path.name + end) for end in SIDE_CARS]
    return next((one for one in names if one.is_file()), None)


def described(path: Path) -> Entry:
    """A file with all that its side-car, a PDF itself, and its name tell.

    Raises: BadManifest, naming every fault of the side-car with its line; BadInput (a PDF that
    cannot be read).
    """
    side_car = side_car_of(path)
    row, faults = read_side_car(side_car) if side_car else (Row(line=1, kind=None), [])
    try:
        entry, wrong = _entry(path, row)
    except Fault as fault:
        entry, wrong = None, [str(fault)]
    if side_car and (faults + wrong):
        raise BadManifest(side_car, [*faults, *wrong])
    if entry is None:
        raise ValueError(f"{path} has faults and no side-car")
    return entry


def _entry(path: Path, row: Row) -> tuple[Entry, list[str]]:
    is_paper = is_pdf(path)
    faults = unknown_keys(row, (PAPER_KEYS if is_paper else TALK_KEYS) - _OF_LISTS)
    if is_paper:
        known = paper_in(path)
        paper, wrong = paper_of(row, known)
        titled = known.title_is_known or paper.title != known.title
        return Entry(path=path, about=replace(paper, title_is_known=titled)), faults + wrong
    talk, wrong = talk_of(row, named(path))
    about = replace(talk, papers=row.all("papers") or talk.papers)
    return Entry(path=path, about=about, talk=row.one("talk")), faults + wrong


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
