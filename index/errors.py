"""The errors of the index, one class for each decision a caller can make.

IndexProblem
├── NoSnapshot          nothing has been published: search from the catalog, or publish
├── SnapshotDamaged     a snapshot differs from its manifest: serve an older one, rebuild
├── CanaryFailed        a new snapshot does not find what it must: the one before goes on
├── ModelMissing        a model is not on this machine: install it or name another
│   ├── EncoderMissing  ... and it is the encoder: answer by keywords meanwhile
│   └── RerankerMissing ... and it is the reranker: keep the order of the two legs
├── ModelDamaged        a model's weights differ from the pinned ones: install them again
├── EncoderMismatch     vectors of another encoder: reindex, or load the encoder that made them
├── FaissUnavailable    no usable FAISS: install exactly one of the two extras
├── BadNotation         a table of notation is faulty: correct the entry that is named
├── InvalidQuery        the query cannot be searched for: tell the person who typed it
└── UnusableSet         an evaluation folder does not have what it needs
"""

from pathlib import Path


class IndexProblem(Exception):
    """Something the index cannot do; the message says what, which and what to do."""


class NoSnapshot(IndexProblem):
    """Nothing is published under this folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        super().__init__(f"no snapshot is published in {root}; run `seminar reindex`")


class SnapshotDamaged(IndexProblem):
    """One file of a snapshot is not what its manifest says."""

    def __init__(self, generation: str, file: str, detail: str) -> None:
        self.generation = generation
        self.file = file
        self.detail = detail
        super().__init__(
            f"snapshot {generation} is damaged: {file} {detail}; rebuild it with `seminar reindex`"
        )


class CanaryFailed(IndexProblem):
    """A question whose answer is known was answered otherwise."""

    def __init__(self, query: str, detail: str) -> None:
        self.query = query
        self.detail = detail
        super().__init__(
            f"nothing was published, and the snapshot before goes on: the canary {query[:200]!r} "
            f"failed: {detail}. If the question is one of canaries.toml, see whether its answer is "
            "still right; else build everything anew with `seminar reindex`"
        )


class ModelMissing(IndexProblem):
    """A model is in none of the places where models are looked for."""

    def __init__(self, name: str, remedy: str) -> None:
        self.name = name
        self.remedy = remedy
        super().__init__(f"the model {name!r} was not found: {remedy}")


class EncoderMissing(ModelMissing):
    """The text encoder cannot be loaded."""


class RerankerMissing(ModelMissing):
    """The reranker cannot be loaded."""


class ModelDamaged(IndexProblem):
    """The weights on disk are not the ones that were pinned."""

    def __init__(self, name: str, file: Path, detail: str) -> None:
        self.name = name
        self.file = file
        super().__init__(
            f"the weights of {name!r} are damaged: {file} {detail}; install them again"
        )


class EncoderMismatch(IndexProblem):
    """Vectors and encoder do not belong together."""

    def __init__(self, expected: str, found: str) -> None:
        self.expected = expected
        self.found = found
        super().__init__(
            f"the vectors were made by {expected}, the encoder is {found}; "
            "run `seminar reindex`, or set SEMINAR_ENCODER_MODEL back"
        )


class FaissUnavailable(IndexProblem):
    """FAISS is absent, or installed twice over itself."""


class InvalidQuery(IndexProblem):
    """The query is empty or too long to be searched for."""


class BadNotation(IndexProblem):
    """A file of abbreviations and spellings cannot be used; the detail names line or entry."""

    def __init__(self, file: Path, detail: str) -> None:
        self.file = file
        self.detail = detail
        super().__init__(f"{file} cannot be used: {detail}; correct it, or take it away")


class UnusableSet(IndexProblem):
    """An evaluation folder lacks a file or a line is not what it should be."""

    def __init__(self, folder: Path, detail: str) -> None:
        self.folder = folder
        super().__init__(f"{folder} cannot be evaluated: {detail}")
