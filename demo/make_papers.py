"""Typesets the course notes, so that title and authors in each PDF are those of the manifest.

Run with the packages of `requirements.txt`; only the fonts inside the typst package are used, and
the creation date is fixed, so that the same source gives the same file.

    python demo/make_papers.py
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typst
import yaml

HERE = Path(__file__).resolve().parent


def typeset(paper: dict[str, Any]) -> Path:
    """Typeset one note beside its source; refuse one whose title or authors are others."""
    target = HERE / str(paper["file"])
    source = target.with_suffix(".typ")
    text = source.read_text(encoding="utf-8")
    for words in [paper["title"], *paper["authors"]]:
        if f'"{words}"' not in text:
            raise SystemExit(f"{source.name} does not name {words!r} as the manifest does")
    created = datetime(int(paper["year"]), 1, 15, tzinfo=UTC)
    typst.compile(source, output=target, ignore_system_fonts=True, timestamp=created)
    return target


def main() -> None:
    """Typeset every paper of the manifest."""
    manifest = yaml.safe_load((HERE / "manifest.yaml").read_text(encoding="utf-8"))
    for paper in manifest["papers"]:
        made = typeset(paper)
        sys.stderr.write(f"{made.name}: {made.stat().st_size // 1000} kB\n")


if __name__ == "__main__":
    main()
