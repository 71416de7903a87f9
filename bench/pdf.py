"""Words of real papers in the right order, and pages a second, beside pypdf and pdfminer.six.

    python -m bench.pdf                    installs the two into an environment that it drops
    python -m bench.pdf PYTHON             takes a Python in which they are
    python -m bench.pdf --truth FOLDER     writes the truth anew from corrected NAME-PAGE.txt files

The truth is fourteen pages drawn by chance: ten (`random.Random(0)`: one each of seven lecture
notes and of the long notes, two of the one two-column paper) on which the reading was mended while
it was made, and four (`random.Random(1)`, from other notes and other pages) that were looked at
afterwards; these are told apart in the figures.  Each page was begun with this archive's own
extraction, then compared word by word with a picture of the page and corrected by eye; pages with
much mathematics were typed from the picture.  Left out of the truth: displayed and inline
mathematics, cells of tables, labels of figures, page numbers.  Footnotes stand at the end of their
page.  What is kept in `pdf_truth.json` are eight hex digits of the sha256 of each word, not the
words.

A word is two or more letters with inner hyphens and apostrophes, or a number of two or more digits,
in lower case without accents.  The measure is the longest common subsequence of the page's words
and those extracted, over the page's words; what an extraction has besides does not count against
it.  The rivals leave words broken at the end of a line; they are given a second figure with a
hyphen and line end before a small letter taken out, as their users do.
"""

import hashlib
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
import unicodedata
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.record import SHARED, record

PAPERS = SHARED / "papers" / "pdf"
TRUTH = Path(__file__).resolve().parent / "pdf_truth.json"
WORD = re.compile(r"[a-z]+(?:[-'][a-z]+)*|\d+(?:\.\d+)*")
AFTERWARDS = {
    ("10_03_final.pdf", "2"),
    ("11_28_final.pdf", "3"),
    ("cs229t_notes.pdf", "31"),
    ("mlquestions_emnlp2021.pdf", "6"),
}
RIVALS = {
    "pypdf": "import pypdf\npages = [p.extract_text() for p in pypdf.PdfReader(file).pages]",
    "pdfminer.six": (
        'from pdfminer.high_level import extract_text\npages = extract_text(file).split("\\f")[:-1]'
    ),
}
ASKED = """
import json, sys, time, logging
logging.disable(logging.CRITICAL)
file = sys.argv[1]
import pypdf, pdfminer.high_level
began, cpu = time.perf_counter(), time.process_time()
{code}
print(json.dumps([pages, time.perf_counter() - began, time.process_time() - cpu]))
"""

Truth = dict[str, dict[str, list[str]]]
Read = tuple[list[str], float, float]
"""Pages, seconds, and seconds of processor time, which other work on the machine changes less."""


def words(text: str) -> list[str]:
    """The words of a text, as they are compared."""
    plain = unicodedata.normalize("NFKD", text.replace("’", "'")).lower()
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return [word for word in WORD.findall(plain) if len(word) > 1]


def hashed(text: str) -> list[str]:
    """What stands for the words of a text in the truth."""
    return [hashlib.sha256(word.encode()).hexdigest()[:8] for word in words(text)]


def in_order(truth: Sequence[str], found: Sequence[str]) -> int:
    """The length of the longest common subsequence."""
    row = [0] * (len(found) + 1)
    for one in truth:
        before = 0
        for place, other in enumerate(found, start=1):
            longest = before + 1 if one == other else max(row[place], row[place - 1])
            before, row[place] = row[place], longest
    return row[-1]


def ours(file: Path) -> Read:
    """Read by the archive, its child process's start included."""
    from ingest.pdf import read_pdf

    began, cpu = time.perf_counter(), cpu_s()
    pages = [page.text for page in read_pdf(file).pages]
    return pages, time.perf_counter() - began, cpu_s() - cpu


def cpu_s() -> float:
    """Processor time of this process and of its children that ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def rival(python: str, name: str, file: Path) -> Read:
    """Read by another library, its start not included."""
    command = [python, "-c", ASKED.format(code=RIVALS[name]), str(file)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    pages, seconds, cpu = json.loads(said.splitlines()[-1])
    return pages, seconds, cpu


def simply_joined(text: str) -> str:
    """A text with words broken at a line's end joined, as users of other libraries do."""
    return re.sub(r"-[ \t]*\n(?=[a-z])", "", text)


def share(counts: Sequence[tuple[Any, ...]], column: int) -> float:
    """What of all words a column of the counts holds."""
    found, words_in_all = (sum(int(one[n]) for one in counts) for n in (column, 2))
    return round(found / words_in_all, 4)


def figures(read: dict[str, Read], truth: Truth) -> dict[str, Any]:
    """Share of words in order, as it is and simply joined; pages a second."""
    counts: list[tuple[str, str, int, int, int]] = []
    for name, pages in truth.items():
        for number, expected in pages.items():
            text = read[name][0][int(number) - 1]
            found = in_order(expected, hashed(text))
            joined = in_order(expected, hashed(simply_joined(text)))
            counts.append((name, number, len(expected), found, joined))
    later = [one for one in counts if one[:2] in AFTERWARDS]
    pages_in_all = sum(len(one[0]) for one in read.values())
    return {
        "words_in_order": share(counts, 3),
        "words_in_order_simply_joined": share(counts, 4),
        "words_in_order_on_pages_seen_afterwards": share(later, 3),
        "words_in_order_on_pages_seen_afterwards_simply_joined": share(later, 4),
        "pages_a_second": round(pages_in_all / sum(one[1] for one in read.values()), 1),
        "pages_a_cpu_second": round(pages_in_all / sum(one[2] for one in read.values()), 1),
        "seconds_for_the_longest": round(max(one[1] for one in read.values()), 2),
        "cpu_seconds_for_the_longest": round(max(one[2] for one in read.values()), 2),
        "by_page": {f"{one[0]} p. {one[1]}": share([one], 3) for one in counts},
    }


def learn(folder: Path) -> None:
    """Write the truth from corrected pages."""
    truth: dict[str, dict[str, str]] = {}
    for file in sorted(folder.glob("*.txt")):
        name, _, number = file.stem.rpartition("-")
        truth.setdefault(f"{name}.pdf", {})[number] = " ".join(hashed(file.read_text()))
    TRUTH.write_text(json.dumps(truth, indent=0, sort_keys=True) + "\n")


def known() -> Truth:
    """The hashed words of the checked pages, by file and page."""
    kept: dict[str, dict[str, str]] = json.loads(TRUTH.read_text())
    return {
        name: {number: page.split() for number, page in pages.items()}
        for name, pages in kept.items()
    }


def main(python: str) -> None:
    """Measure the three on the same files, one after the other file by file."""
    truth = known()
    files = sorted(PAPERS.glob("*.pdf"))
    readers: dict[str, dict[str, Read]] = {"this archive": {}}
    readers |= {name: {} for name in RIVALS}
    for file in files:
        readers["this archive"][file.name] = ours(file)
        for name in RIVALS:
            readers[name][file.name] = rival(python, name, file)
    record(
        "pdf",
        {
            "files": len(files),
            "pages": sum(len(one[0]) for one in readers["this archive"].values()),
            "checked_pages": sum(map(len, truth.values())),
            "checked_words": sum(len(one) for pages in truth.values() for one in pages.values()),
            "readers": {name: figures(read, truth) for name, read in readers.items()},
        },
    )


def with_rivals() -> None:
    """Measure with the rivals in an environment of their own."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = f"{folder}/bin/python"
        subprocess.run([python, "-m", "pip", "install", "-q", *RIVALS], check=True)
        main(python)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--truth"]:
        learn(Path(sys.argv[2]))
    elif sys.argv[1:]:
        main(sys.argv[1])
    else:
        with_rivals()
