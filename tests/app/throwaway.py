"""A throwaway archive that random requests may read and change, and what makes one succeed.

Random requests remove what is there and name nothing that is, so before each operation what is
missing is put back, and of the requests that fit their description every other is given an id, an
offset or a piece of file of this archive.
"""

import base64
import random
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from schemathesis.transport.serialization import Binary
from sqlmodel import col, select

from catalog import keys, submissions
from catalog.keys import NewKey
from catalog.papers import NewPaper
from catalog.promises import Said
from catalog.submissions import OPEN
from catalog.tables import Paper, Talk
from catalog.talks import NewTalk
from catalog.uploads import NewUpload, Upload, Uploads
from tests.app.contract import fits, name_of
from tests.app.shelf import Shelf, Spoken, silent_wav

LEAST = 4
"""Talks, and papers, that are there when an operation is begun to be tried."""
MOST_UPLOADS = 20
HELPED = 0.5
_TUS = {"tus-resumable": "1.0.0"}
_PIECE = "application/offset+octet-stream"


class Throwaway:
    """An archive with staff's key; everything in it comes from one seed."""

    def __init__(self, shelf: Shelf, *, seed: int) -> None:
        self.shelf = shelf
        self._random = random.Random(seed)
        self._made = 0
        self._uploads = Uploads(shelf.settings, shelf.store)
        with shelf.catalog.write() as session:
            _, self.secret = keys.add(session, NewKey(scope="admin"))

    def stock(self) -> None:
        """Put back what requests took away, and forget most of what they began to upload."""
        for _ in range(LEAST - len(self._ids(Talk))):
            self._made += 1
            said = (f"Talk {self._made} is about kernels.", "Its end is about gradient descent.")
            new = NewTalk(
                title=f"Talk {self._made}",
                speakers=("Ada Lovelace",),
                series="Foundations",
                held_on=date(2024, 2, 1 + self._made % 28),
            )
            self.shelf.talk(new, Spoken(sentences=said))
        for _ in range(LEAST - len(self._ids(Paper))):
            self._made += 1
            page = f"Paper {self._made} bounds the generalization gap."
            self.shelf.paper(NewPaper(title=f"Paper {self._made}"), (page,))
        for upload in self._uploads.listed()[MOST_UPLOADS:]:
            self._uploads.drop(upload.id)

    def begin(self, times: int) -> None:
        """Begin as many uploads as this, each of another file."""
        for _ in range(times):
            self._made += 1
            self._uploads.begin(
                NewUpload(
                    length_bytes=len(self._file(self._made)),
                    file_name=f"{self._made}.wav",
                    metadata="",
                    said=Said(),
                )
            )

    def ready(self, case: Any) -> None:
        """Send a request with staff's key; every other one that fits is made to name what is."""
        case.headers["Authorization"] = f"Bearer {self.secret}"
        if fits(case) and self._random.random() < HELPED:
            self._help(case)
        if name_of(case) == "events" and case.path_parameters["job_id"] in self._jobs(ended=False):
            case.path_parameters["job_id"] = "none"  # its stream would last as long as the job

    def _help(self, case: Any) -> None:
        wanted = case.path_parameters or {}
        for name, found in self._known().items():
            if name in wanted and (ids := found()):
                wanted[name] = self._random.choice(ids)
        case.headers.pop("If-Match", None)
        helped = getattr(self, f"_help_{name_of(case)}", None)
        if helped is not None:
            helped(case)

    def _known(self) -> Mapping[str, Callable[[], list[str]]]:
        return {
            "talk_id": lambda: self._ids(Talk),
            "paper_id": lambda: self._ids(Paper),
            "job_id": lambda: self._jobs(ended=self._random.random() < 0.5),
            "upload_id": lambda: [one.id for one in self._uploads.listed()],
        }

    def _help_events(self, case: Any) -> None:
        case.path_parameters["job_id"] = self._random.choice(self._jobs(ended=True))
        case.headers.pop("Last-Event-ID", None)

    def _help_add(self, case: Any) -> None:
        """An address that is refused when it is fetched: random requests reach no other server."""
        self._made += 1
        case.body = {"url": f"http://127.0.0.1:9/{self._made}.mp4", "title": f"Talk {self._made}"}

    def _help_edit_talk(self, case: Any) -> None:
        case.body = {"abstract": f"Said for the {self._random.randrange(1000)}th time."}

    _help_edit_paper = _help_edit_talk

    def _help_begin(self, case: Any) -> None:
        self._made += 1
        said = {"filename": f"{self._made}.wav", "title": f"Upload {self._made}"}
        pairs = (f"{name} {base64.b64encode(v.encode()).decode()}" for name, v in said.items())
        case.headers.update(_TUS)
        case.headers["Upload-Length"] = str(len(self._file(self._made)))
        case.headers["Upload-Metadata"] = ",".join(pairs)

    def _help_piece(self, case: Any) -> None:
        """The next bytes of an upload, or all that are left of it."""
        begun = [one for one in self._uploads.listed() if one.outcome is None and _is_ours(one)]
        if not begun:
            return
        upload = self._random.choice(begun)
        rest = self._file(int(upload.file_name.removesuffix(".wav")))[upload.offset_bytes :]
        case.path_parameters["upload_id"] = upload.id
        case.headers.update(_TUS)
        case.headers["Upload-Offset"] = str(upload.offset_bytes)
        case.headers.pop("Upload-Checksum", None)
        case.body = Binary(rest if self._random.random() < 0.7 else rest[: len(rest) // 2])
        case.media_type = _PIECE

    def _help_end(self, case: Any) -> None:
        case.headers.update(_TUS)

    @staticmethod
    def _file(number: int) -> bytes:
        """A second of silence for every other number, else what is no recording."""
        mark = number.to_bytes(8, "big")
        return silent_wav(1) + mark if number % 2 else 100 * mark

    def _ids(self, table: type[Talk] | type[Paper]) -> list[str]:
        with self.shelf.catalog.read() as session:
            return list(session.exec(select(table.public_id).order_by(col(table.id))))

    def _jobs(self, *, ended: bool) -> list[str]:
        with self.shelf.catalog.read() as session:
            every = submissions.listed(session)
        return [
            one.submission.public_id for one in every if (one.submission.state not in OPEN) == ended
        ]


def _is_ours(upload: Upload) -> bool:
    """Whether an upload was begun with a name that says its bytes."""
    return upload.file_name.removesuffix(".wav").isdecimal() and upload.length_bytes < 100_000
