"""How well the naming of papers is found in talks: precision and recall on lines read by hand.

python -m bench.mentions

`mentioned/labels.csv` says of a line (file, second at which it begins) and a paper whether it is
named there.  The lectures' words are read from where they lie and are not part of the project.  A
naming that was found counts as right when it begins in a line in which the paper is named, or a
little before, else as wrong, whether or not anybody labelled that line.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from bench.record import SHARED, record
from catalog.captions import Line
from catalog.mentions import SHOWN_FROM
from ingest.mentions import Finder, Mention
from ingest.naming import KnownPaper

HERE = Path(__file__).resolve().parent
DEMO = HERE.parent / "demo"
LECTURES = SHARED / "transcripts" / "cs231n_2017"
BEFORE_MS, AFTER_MS = 5_000, 2_000
THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95)
_CUE = re.compile(r"(\d+):(\d+):(\d+)[,.](\d+) --> (\d+):(\d+):(\d+)[,.](\d+)\n(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Whether a paper is named in a line that begins at this time."""

    split: str
    lecture: str
    start_ms: int
    end_ms: int
    paper: str
    meant: bool


def main() -> None:
    labels = _labels()
    splits: dict[str, object] = {}
    for split in ("development", "held-out"):
        mine = [one for one in labels if one.split == split]
        found = {lecture: _found(lecture) for lecture in dict.fromkeys(one.lecture for one in mine)}
        splits[split] = {
            "lectures": len(found),
            "lines": {"named": _count(mine, meant=True), "not named": _count(mine, meant=False)},
            "at the shown threshold": _figures(mine, found, SHOWN_FROM),
            "by threshold": {str(one): _figures(mine, found, one) for one in THRESHOLDS},
            "by cue": _by_cue(mine, found),
            "fired on lines labelled as not named": _fooled(mine, found),
            "wrong": _wrong(mine, found),
            "missed": _missed(mine, found),
        }
    record("mentions", {"shown_from": SHOWN_FROM, "papers": len(_papers()), "splits": splits})


def _figures(
    labels: Sequence[Label], found: Mapping[str, Sequence[Mention]], least: float
) -> dict[str, float | int]:
    sure = [
        (lecture, one)
        for lecture, all_found in found.items()
        for one in all_found
        if one.confidence >= least
    ]
    right = sum(_is_right(labels, lecture, one) for lecture, one in sure)
    named = [one for one in labels if one.meant]
    got = sum(_is_found(one, found[one.lecture], least) for one in named)
    return {
        "found": len(sure),
        "right": right,
        "precision": round(right / len(sure), 3) if sure else 1.0,
        "recall": round(got / len(named), 3),
    }


def _by_cue(
    labels: Sequence[Label], found: Mapping[str, Sequence[Mention]]
) -> dict[str, dict[str, int]]:
    """Of what is shown, by its strongest cue: how many, and how many right."""
    counts: dict[str, Counter[str]] = {}
    for lecture, all_found in found.items():
        for one in all_found:
            if one.confidence >= SHOWN_FROM:
                tally = counts.setdefault(one.cues[0], Counter())
                tally["shown"] += 1
                tally["right"] += _is_right(labels, lecture, one)
    return {cue: dict(tally) for cue, tally in sorted(counts.items())}


def _fooled(labels: Sequence[Label], found: Mapping[str, Sequence[Mention]]) -> int:
    return sum(
        _is_found(one, found[one.lecture], SHOWN_FROM)
        and not any(
            other.meant and _near(other, one.start_ms)
            for other in labels
            if (other.lecture, other.paper) == (one.lecture, one.paper)
        )
        for one in labels
        if not one.meant
    )


def _wrong(labels: Sequence[Label], found: Mapping[str, Sequence[Mention]]) -> list[str]:
    return [
        f"{lecture.partition(' _')[0]} {one.start_ms // 1000} s: {one.paper}, {', '.join(one.cues)}"
        for lecture, all_found in found.items()
        for one in all_found
        if one.confidence >= SHOWN_FROM and not _is_right(labels, lecture, one)
    ]


def _missed(labels: Sequence[Label], found: Mapping[str, Sequence[Mention]]) -> list[str]:
    return [
        f"{one.lecture.partition(' _')[0]} {one.start_ms // 1000} s: {one.paper}"
        for one in labels
        if one.meant and not _is_found(one, found[one.lecture], SHOWN_FROM)
    ]


def _is_right(labels: Sequence[Label], lecture: str, one: Mention) -> bool:
    return any(
        label.meant
        and (label.lecture, label.paper) == (lecture, one.paper)
        and _near(label, one.start_ms)
        for label in labels
    )


def _is_found(label: Label, found: Sequence[Mention], least: float) -> bool:
    return any(
        one.paper == label.paper and one.confidence >= least and _near(label, one.start_ms)
        for one in found
    )


def _near(label: Label, start_ms: int) -> bool:
    return label.start_ms - BEFORE_MS <= start_ms <= label.end_ms + AFTER_MS


def _count(labels: Sequence[Label], *, meant: bool) -> int:
    return sum(one.meant == meant for one in labels)


def _found(lecture: str) -> list[Mention]:
    papers = _demo_papers() if lecture.startswith("demo/") else _papers()
    return Finder(papers).find(_lines(lecture))


def _lines(lecture: str) -> list[Line]:
    demo = lecture.startswith("demo/")
    return list(_demo_lines(lecture) if demo else _cues(LECTURES / lecture))


def _cues(file: Path) -> Iterator[Line]:
    text = file.read_text(encoding="utf-8-sig", errors="replace").replace("\r", "")
    for block in re.split(r"\n\s*\n", text):
        if match := _CUE.search(block):
            h1, m1, s1, _, h2, m2, s2, _ = (int(one) for one in match.groups()[:8])
            start_ms, end_ms = 1000 * (h1 * 3600 + m1 * 60 + s1), 1000 * (h2 * 3600 + m2 * 60 + s2)
            words = " ".join(match[9].split())
            yield Line(start_ms=start_ms, end_ms=max(start_ms, end_ms), text=words)


def _demo_lines(lecture: str) -> Iterator[Line]:
    """The script of a demonstration talk; its lines stand for seconds, so they are far apart."""
    script = (DEMO / "talks" / f"{lecture.removeprefix('demo/')}.md").read_text()
    for number, text in enumerate(script.splitlines(), start=1):
        yield Line(start_ms=number * 1000, end_ms=number * 1000, text=text)


def _papers() -> list[KnownPaper]:
    with (HERE / "mentioned" / "papers.csv").open(encoding="utf-8") as file:
        return [
            KnownPaper(
                key=row["key"],
                title=row["title"],
                labels=tuple(filter(None, row["labels"].split("; "))),
                authors=tuple(row["authors"].split("; ")),
                year=int(row["year"]),
                arxiv_id=row["arxiv_id"] or None,
            )
            for row in csv.DictReader(file)
        ]


def _demo_papers() -> list[KnownPaper]:
    manifest = yaml.safe_load((DEMO / "manifest.yaml").read_text())
    return [
        KnownPaper(
            key=Path(one["file"]).stem,
            title=one["title"],
            authors=tuple(one["authors"]),
            year=one["year"],
        )
        for one in manifest["papers"]
    ]


def _labels() -> list[Label]:
    with (HERE / "mentioned" / "labels.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    ends = {lecture: _ends(lecture) for lecture in {row["lecture"] for row in rows}}
    return [
        Label(
            split=row["split"],
            lecture=row["lecture"],
            start_ms=int(row["start_s"]) * 1000,
            end_ms=ends[row["lecture"]][int(row["start_s"])],
            paper=row["paper"],
            meant=row["meant"] == "yes",
        )
        for row in rows
    ]


def _ends(lecture: str) -> dict[int, int]:
    """By the second at which a line begins: when it ends, in ms."""
    return {line.start_ms // 1000: line.end_ms for line in _lines(lecture)}


if __name__ == "__main__":
    main()
