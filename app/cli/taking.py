"""Taking files in one after another, and saying what came of each and of all."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer

from app.cli.context import Archive, print_json, remark
from catalog.errors import CatalogProblem
from catalog.talks import NewTalk
from ingest.errors import BadManifest, IngestProblem
from ingest.manifest import Entry, check_with, read_manifest
from ingest.take_in import Taken, take_in

_MOST_NAMED = 20
_ORDER = ("done", "partial", "accepted", "exists", "refused", "failed", "cancelled", "skipped")
_WORDS = {"exists": "in the archive already"}


def checked_manifest(archive: Archive, path: Path) -> list[Entry]:
    """The entries of a list without fault; else every fault is said, and nothing starts."""
    try:
        entries = read_manifest(path)
        check_with(archive.catalog, path, entries)
    except BadManifest as problem:
        for fault in problem.faults:
            remark(f"{path}, {fault}")
        number = len(problem.faults)
        remark(
            f"seminar: {path} has {number} fault{'s' if number > 1 else ''}; "
            "nothing was started, mend the list first"
        )
        raise typer.Exit(1) from problem
    return entries


class Taking:
    """What was taken in, what was there, and what was refused."""

    def __init__(self, archive: Archive, *, quiet: bool) -> None:
        self._archive = archive
        self._quiet = quiet
        self.rows: list[dict[str, Any]] = []
        self.jobs: list[str] = []
        self.ended: dict[str, dict[str, Any]] = {}

    def take(self, path: Path, entry: Callable[[], Entry]) -> str | None:
        """Accept a file; a refusal is a line on stderr.  Returns the id of its talk or paper."""
        try:
            made = entry()
        except (CatalogProblem, IngestProblem) as problem:
            self._note(Taken(path=path, status="refused", problem=problem))
            return None
        public_id = None
        for taken in take_in(self._archive.catalog, self._archive.store, made):
            self._note(taken)
            public_id = taken.public_id
        return public_id

    def note(self, row: dict[str, Any]) -> None:
        """Keep what came of one that was promised elsewhere."""
        self.rows.append(row)
        self.jobs += [row["job"]] if "job" in row else []
        if not self._quiet:
            _print(row)

    def take_all(self, entries: Iterable[Entry]) -> None:
        """Accept all that a list names; talks are linked to its papers."""
        ids: dict[str, str] = {}
        for entry in entries:
            about = entry.about
            if isinstance(about, NewTalk):
                named = tuple(ids[name] for name in entry.papers if name in ids)
                about = replace(about, papers=(*about.papers, *named))
            linked = replace(entry, about=about)
            taken = self.take(entry.path, lambda linked=linked: linked)  # type: ignore[misc]
            if taken:
                ids[entry.path.name] = taken

    def skip(self, files: Sequence[tuple[Path, str]]) -> None:
        """Name what was left out of the folders."""
        self.rows += [
            {"file": str(path), "status": "skipped", "problem": reason} for path, reason in files
        ]
        for path, reason in files[:_MOST_NAMED]:
            remark(f"skipped   {path}: {reason}")
        if len(files) > _MOST_NAMED:
            remark(f"skipped   {len(files) - _MOST_NAMED} more; --json names them all")

    def report(self, *, as_json: bool, waited: bool) -> None:
        """Say what came of each file, and of all."""
        for row in self.rows:
            row.update(self.ended.get(row.get("job", ""), {}))
        if as_json:
            print_json(self.rows)
            return
        if self._quiet:
            for row in self.rows:
                _print(row)
        if len(self.rows) > 1:
            counts = Counter(row["status"] for row in self.rows)
            told = [f"{counts[one]} {_WORDS.get(one, one)}" for one in _ORDER if counts[one]]
            remark(f"{', '.join(told)}; {len(self.rows)} files in all")
        if self.jobs and not waited:
            remark("`seminar worker` does the work, `seminar jobs` shows how far it is")

    @property
    def status(self) -> int:
        """1 when something was refused or failed."""
        return int(any(row["status"] in {"refused", "failed", "cancelled"} for row in self.rows))

    def _note(self, taken: Taken) -> None:
        row: dict[str, Any] = {"file": str(taken.path), "status": taken.status}
        self.rows.append(row)
        for text in taken.remarks:
            remark(f"{taken.path.name}: {text}")
        if taken.problem is not None:
            remark(f"seminar: {taken.problem}{'; its job goes on' if taken.job_id else ''}")
        if taken.status == "refused":
            row["problem"] = str(taken.problem)
            return
        row.update(kind=taken.kind, id=taken.public_id, title=taken.title)
        if taken.job_id:
            self.jobs.append(taken.job_id)
            row["job"] = taken.job_id
        if not self._quiet:
            _print(row)


def _print(row: dict[str, Any]) -> None:
    if row["status"] in {"accepted", "done", "partial"}:
        print(f"{row['status']:8}  {row['kind']} {row['id']}  {row['title']}")
