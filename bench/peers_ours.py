"""The archive's own search, built and asked as `peers_ask` does the others: hybrid, in-process.

Where FOLDER names a published archive in `archive.txt`, that is opened; else its texts are encoded
and written as a snapshot.  The file is apart so that the process holds only what a search needs.
    python -m bench.peers_ours FOLDER
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.peers_ask import LIMIT, measured
from index import snapshot
from index.contract import SearchRequest
from index.encoders.choose import open_encoder
from index.errors import InvalidQuery
from index.passage import Passage, PassageId
from index.searcher import Searcher

OURS = "this archive"


class _Archive:
    """A snapshot and its searcher, as they are served; passages found are read, too."""

    def __init__(self, folder: Path) -> None:
        self._encoder = open_encoder("all-MiniLM-L6-v2")
        self._folder = folder

    def build(self, texts: Sequence[str]) -> None:
        named = self._folder / "archive.txt"
        root = Path(named.read_text()) if named.exists() else self._folder / "index"
        if not named.exists():
            root.mkdir()
            self._write(root, texts)
        generation = snapshot.current_generation(root)
        if generation is None:
            raise RuntimeError(f"nothing is published in {root}")
        self._searcher = Searcher.open(root, generation, self._encoder)

    def ask(self, query: str) -> Sequence[int]:
        try:
            hits = self._searcher.search(SearchRequest(text=query, limit=LIMIT)).hits
        except InvalidQuery:
            return []
        return [hit.row for hit in hits if hit.passage.text]

    def _write(self, root: Path, texts: Sequence[str]) -> None:
        titles = json.loads((self._folder / "titles.json").read_text())
        passages = [
            Passage(id=PassageId(str(n)), kind="paper", owner_id=str(n), title=title, text=text)
            for n, (title, text) in enumerate(titles)
        ]
        vectors = self._encoder.encode_passages([one.encoded_text for one in passages])
        made = snapshot.write(root, passages, vectors, encoder=self._encoder, catalog_digest="")
        snapshot.publish(root, made.generation)


def main() -> None:
    folder = Path(sys.argv[1])
    (folder / f"{OURS}.json").write_text(json.dumps(measured(_Archive(folder), folder)))


if __name__ == "__main__":
    main()
