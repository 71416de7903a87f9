"""Everything that can go wrong in the catalog.

CatalogProblem
├── AlreadyThere          the same bytes are in the archive
├── NotThere              no talk, paper, transcript or job has that id
├── Ambiguous             the words name several
├── NotTaken              the talk cannot take the file that was offered for it
├── NotATranscript        the talk has none (yet)
├── Untimed               the transcript has no times, and the format needs them
├── NoArchive             the data folder has no catalog
├── NewerArchive          the data folder was written by a newer version
├── CatalogUnavailable    the database does not answer, or is damaged
├── FileUnreadable        a file that was offered cannot be read
├── BadAddress            the address of what lies elsewhere is not one that can be fetched
├── BadKey                a key cannot be made as it was asked for
├── BadListing            a catalogue file has faults; nothing of it was taken in
├── BadEdit               what was said of a talk or paper cannot be a fact of it
├── UploadMoved           an upload is elsewhere than the piece that was sent
├── UploadBusy            another request writes to the upload
├── UploadTooLarge        more than an upload may be, or said that it would be
├── TooManyUploads        as many files are on their way as may be
├── ChecksumMismatch      a piece came other than it was sent; nothing of it was kept
├── StoreFull             the disk has no room; nothing was stored
├── StoreDamaged          a stored file is missing or differs from its checksum
├── InvalidSetting        a setting has a value that cannot work
└── JobProblem            the job engine refuses
"""

from pathlib import Path


class CatalogProblem(Exception):
    """Root of the catalog's errors; the message says what, which and what to do."""


class AlreadyThere(CatalogProblem):
    """The same bytes are in the archive already; `public_id` and `title` name them."""

    def __init__(self, *, file_name: str, kind: str, public_id: str, title: str) -> None:
        super().__init__(
            f'{file_name} is already in the archive as {kind} {public_id}, "{title}"; '
            "nothing was processed again"
        )
        self.kind = kind
        self.public_id = public_id
        self.title = title


class NotThere(CatalogProblem):
    """Nothing in the archive has that id."""

    def __init__(self, kind: str, key: str) -> None:
        super().__init__(f'the archive has no {kind} "{key}"')
        self.kind = kind
        self.key = key


class NoArchive(CatalogProblem):
    """There is no catalog in the data folder, and nothing asked for a new one."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"there is no archive in {folder}; name its folder with --data-dir or "
            "SEMINAR_DATA_DIR, or begin one with `seminar add`"
        )


class Ambiguous(CatalogProblem):
    """The words name more than one thing."""


class NotTaken(CatalogProblem):
    """The talk has what the file would bring, or must not have it."""


class NotATranscript(CatalogProblem):
    """The talk has no transcript (yet)."""


class Untimed(CatalogProblem):
    """The transcript has no times, and the format that was asked for consists of them."""

    def __init__(self, title: str, shape: str) -> None:
        super().__init__(
            f'the transcript of "{title}" has no times, so it cannot be written as '
            f"{shape.upper()}; ask for txt or json"
        )


class NewerArchive(CatalogProblem):
    """The data folder was written by a newer version of this program."""


class CatalogUnavailable(CatalogProblem):
    """The database does not answer, or is damaged."""


class FileUnreadable(CatalogProblem):
    """A file that was offered cannot be read."""


class BadAddress(CatalogProblem):
    """An address is not of a form that can be fetched."""

    def __init__(self, address: str, reason: str, advice: str) -> None:
        self.address = address
        self.reason = reason
        self.advice = advice
        super().__init__(f"{address}: {reason}; {advice}")


class BadKey(CatalogProblem):
    """A key cannot be made as it was asked for: an origin, a date, a scope."""


class BadListing(CatalogProblem):
    """A catalogue file has faults, each named in `faults`; nothing of it was taken in."""

    def __init__(self, name: str, faults: list[str]) -> None:
        self.name = name
        self.faults = faults
        number = f"{len(faults)} faults" if len(faults) > 1 else "a fault"
        super().__init__(f"{name} has {number}; nothing was changed: {'; '.join(faults)}")


class BadEdit(CatalogProblem):
    """What was said of a talk or paper has faults, each named in `faults`; nothing was changed."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


class UploadMoved(CatalogProblem):
    """The upload goes on at `offset_bytes`, and not where the piece begins."""

    def __init__(self, offset_bytes: int) -> None:
        self.offset_bytes = offset_bytes
        super().__init__(f"the upload goes on at byte {offset_bytes}; ask for its offset first")


class UploadBusy(CatalogProblem):
    """Another request writes to the upload at this moment, or makes it media."""

    def __init__(self, upload_id: str) -> None:
        super().__init__(f"another request is at upload {upload_id}; try again in a moment")


class UploadTooLarge(CatalogProblem):
    """More bytes than an upload may have."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        super().__init__(f"an upload of at most {most_bytes} bytes is taken here")


class TooManyUploads(CatalogProblem):
    """As many files are on their way as may be."""

    def __init__(self, number: int) -> None:
        super().__init__(f"{number} uploads are not finished; finish or end some of them first")


class ChecksumMismatch(CatalogProblem):
    """The bytes of a piece do not hash to what was said; nothing of it was kept."""

    def __init__(self, algorithm: str) -> None:
        super().__init__(f"the piece has another {algorithm} than was said; send it again")


class StoreFull(CatalogProblem):
    """The archive's disk has no room; nothing was stored."""


class StoreDamaged(CatalogProblem):
    """A stored file is missing or differs from its checksum."""


class InvalidSetting(CatalogProblem):
    """A setting has a value that cannot work."""


class JobProblem(CatalogProblem):
    """The job engine refuses what was asked."""
