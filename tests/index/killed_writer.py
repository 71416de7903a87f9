"""A process to be killed: it forks children that publish snapshots until someone stops them.

Each line on standard input starts one child, in the mode it names; its process id is printed.
Forking saves importing the libraries again for every kill.
"""

import os
import shutil
import sys
from itertools import count
from pathlib import Path

from index import snapshot
from index.encoders import Vectors
from index.parts import Change
from index.passage import Passage
from index.testing import HashEncoder
from tests.index.conftest import passage

PASSAGES = 12


def canaries(number: int) -> list[Passage]:
    """Passages that all name the number of their generation."""
    return [
        passage(f"{number}-{n}", f"lecture part {n}", title=f"canary {number}")
        for n in range(PASSAGES)
    ]


def publish_forever(root: Path, acknowledged: Path) -> None:
    """Write, publish, acknowledge, collect; again and again."""
    encoder = HashEncoder()
    for number in count(int(acknowledged.read_text() or 0) + 1):
        passages = canaries(number)
        vectors = encoder.encode_passages([one.encoded_text for one in passages])
        snapshot.publish(root, made(root, number, passages, vectors))
        temporary = acknowledged.with_suffix(".new")
        temporary.write_text(str(number))
        temporary.replace(acknowledged)
        snapshot.collect_garbage(root, min_age_s=0)


def made(root: Path, number: int, passages: list[Passage], vectors: Vectors) -> str:
    """A generation written whole, or, twice out of three times, grown out of the one before."""
    base = snapshot.current_generation(root)
    if base is None or number % 3 == 0:
        return snapshot.write(
            root, passages, vectors, encoder=HashEncoder(), catalog_digest=str(number)
        ).generation
    before = snapshot.verify(root, base)
    change = Change(passages=passages, vectors=vectors, gone=snapshot.stamps(root, before))
    return snapshot.extend(root, before, change, catalog_digest=str(number)).generation


def overwrite_forever(root: Path, _acknowledged: Path) -> None:
    """The control: copy a snapshot over the served one, file by file, as a careless writer does."""
    served = root / str(snapshot.current_generation(root))
    sources = [folder for folder in root.parent.glob("source-*") if folder.is_dir()]
    while True:
        for source in sources:
            shutil.copytree(source, served, dirs_exist_ok=True)


MODES = {"publish": publish_forever, "overwrite": overwrite_forever}


def main() -> None:
    """Fork a child for each line of standard input."""
    root, acknowledged = Path(sys.argv[1]), Path(sys.argv[2])
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os.setpgid(0, 0)
            MODES[line.strip()](root, acknowledged)
        os.setpgid(child, child)  # on both sides: whoever is first, the group is there to be killed
        print(child, flush=True)
        os.waitpid(child, 0)
        print("reaped", flush=True)


if __name__ == "__main__":
    main()
