"""Search by words: BM25 over stems of title, speakers and text; the only file that imports tantivy.

Invariant: queries and passages pass through the same normaliser, notation and analyser, and no
text at all can raise.
"""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from index.closeness import Asked
from index.durable import link
from index.notation import Notation, packaged, plain
from index.passage import Kind, Passage
from index.query import ParsedQuery
from index.stopwords import STOP_WORDS

ANALYSER = "seminar"
SPELLER = "seminar-spelled"
ANALYSER_VERSION = "2"
LIKE_PASSAGES = 50_000  # a smaller archive weighs words as if it had so many passages
K1 = 1.2  # tantivy's own; a term's score cannot exceed idf * (K1 + 1)
LONGEST_TERM_BYTES = 60
NO_SPACE = "os error 28"  # how tantivy tells of a full disk
HEAP_BYTES = 128 << 20
# The body holds title and speakers too; the boosts are what a word weighs once more when it is in
# one of them.
BODY = "body"
FIELDS = {BODY: 1.0, "title": 0.2, "speakers": 0.3}
# Words as they are written, without stemming: what the archive's vocabulary is read from.
SPELLED = "spelled"
WORDS_KEPT = 32_768  # of which it is remembered in how many passages they are
LOCK_FILES = frozenset({".tantivy-meta.lock", ".tantivy-writer.lock"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A passage as the terms leg indexes it: its row, and the ordinal of its talk or paper."""

    row: int
    owner: int
    passage: Passage


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """Where hits may come from; None is everywhere.  `owners` are ordinals of talks and papers."""

    kinds: tuple[Kind, ...] | None = None
    owners: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TermHits:
    """Rows and scores, best first, and the scale they are on.

    bound: what no passage can exceed for this query; rare: what one word found in one passage only
    could give.
    """

    rows: tuple[int, ...] = ()
    scores: tuple[float, ...] = ()
    bound: float = 0.0
    rare: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stems:
    """A query as the index knows it: each word once, phrases word by word, what to leave out.

    pairs: telling words that stand side by side.
    """

    words: tuple[str, ...]
    phrases: tuple[tuple[str, ...], ...]
    excluded: tuple[tuple[str, ...], ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Every stem once, words first."""
        return tuple(
            dict.fromkeys([*self.words, *(stem for phrase in self.phrases for stem in phrase)])
        )


class TermsLeg:
    """The term index of one snapshot; read-only, safe to search from several threads."""

    def __init__(self, folder: Path) -> None:
        """Open the term index of a verified snapshot."""
        import tantivy

        self._tantivy = tantivy
        opened = tantivy.Index.open(str(folder))
        opened.config_reader(reload_policy="manual")
        opened.register_tokenizer(ANALYSER, _stemmer())
        opened.register_tokenizer(SPELLER, _splitter())
        self._schema = opened.schema
        self._searcher = opened.searcher()
        self._with = lru_cache(WORDS_KEPT)(self._searcher.doc_freq)
        self._counted = _with_holes(folder)

    @property
    def count(self) -> int:
        """How many passages there are."""
        return int(self._searcher.num_docs)

    def frequency(self, word: str) -> int:
        """In how many passages the rarest stem of a word is."""
        return min((int(self._with(BODY, one)) for one in stem(word)), default=0)

    def search(self, query: ParsedQuery, limit: int, where: Restriction | None = None) -> TermHits:
        """Passages with every phrase and any word of the query, and nothing that it leaves out."""
        stems = stems_of(query)
        if limit < 1 or not stems.all:
            return TermHits()
        hits = self._hits(self._exact(stems), stems.excluded, limit, where or Restriction())
        ordered = sorted((-score, row) for score, row in hits)
        return TermHits(
            rows=tuple(row for _, row in ordered),
            scores=tuple(-score for score, _ in ordered),
            bound=self._bound(stems.all),
            rare=(K1 + 1) * self._idf(1),
        )

    def asked(self, query: ParsedQuery) -> Asked:
        """What the query's stems weigh in this archive, for whoever looks at passages closely."""
        stems = stems_of(query)
        weights = {one: self._idf(int(self._with(BODY, one))) for one in stems.all}
        return Asked(weights=weights, pairs=stems.pairs)

    def spelled(self) -> list[tuple[str, int]]:
        """Every word as it is written, and in how many passages it is."""
        words = self._searcher.terms_with_prefix(SPELLED, "")
        return [(str(word), int(count)) for word, count in words]

    def knows(self, word: str) -> bool:
        """Whether some passage has a word, by its stem."""
        return any(self._with(BODY, found) for found in stem(word))

    def knows_any(self, query: ParsedQuery) -> bool:
        """Whether some passage has a word of the query."""
        return any(self._with(BODY, found) for found in stems_of(query).all)

    def says(self, phrase: str) -> bool:
        """Whether some passage has these words in this order."""
        stems = analysed(phrase)
        if not stems or not all(self._with(BODY, one) for one in stems):
            return False
        return bool(self._searcher.search(self._phrase(stems), 1, count=False).hits)

    def share_in_speakers(self, word: str) -> float:
        """Of the passages that have a word at all, how many have it in the name of a speaker."""
        (found, *_) = stem(word) or ("",)
        everywhere = self._with(BODY, found)
        return self._with("speakers", found) / everywhere if everywhere else 0.0

    def rows_to_leave_out(self, query: ParsedQuery) -> list[int]:
        """Every row that has what the query leaves out, in no promised order."""
        excluded = stems_of(query).excluded
        if not excluded or not self.count:
            return []
        occur = self._tantivy.Occur.Should
        any_of = self._tantivy.Query.boolean_query(
            [(occur, self._phrase(phrase)) for phrase in excluded]
        )
        hits = self._searcher.search(any_of, self.count, count=False).hits
        rows = self._searcher.fast_field_values("row", [address for _, address in hits])
        return [int(row or 0) for row in rows]

    def _exact(self, stems: Stems) -> list[tuple[Any, Any]]:
        occur = self._tantivy.Occur
        required = [(occur.Must, self._phrase(phrase)) for phrase in stems.phrases]
        wished = [
            (occur.Should, self._tantivy.Query.boost_query(self._term(field, stem), boost))
            for stem in stems.all
            for field, boost in FIELDS.items()
            if self._with(field, stem)
        ]
        return required + wished

    def _hits(
        self,
        clauses: Sequence[tuple[Any, Any]],
        excluded: Sequence[Sequence[str]],
        limit: int,
        where: Restriction,
    ) -> list[tuple[float, int]]:
        """(score, row) of the best, in no promised order."""
        if not clauses or self.count == 0:
            return []
        query, must = self._tantivy.Query, self._tantivy.Occur.Must
        filters = [(must, query.const_score_query(only, 0.0)) for only in self._filters(where)]
        filters += [(self._tantivy.Occur.MustNot, self._phrase(phrase)) for phrase in excluded]
        whole = query.boolean_query([(must, query.boolean_query(list(clauses))), *filters])
        hits = self._searcher.search(whole, limit, count=False).hits
        rows = self._searcher.fast_field_values("row", [address for _, address in hits])
        return [(float(score), int(row or 0)) for (score, _), row in zip(hits, rows, strict=True)]

    def _filters(self, where: Restriction) -> list[Any]:
        query = self._tantivy.Query
        filters = []
        if where.kinds is not None:
            filters.append(query.term_set_query(self._schema, "kind", list(where.kinds)))
        if where.owners is not None:
            filters.append(query.term_set_query(self._schema, "owner", list(where.owners)))
        return filters

    def _term(self, field: str, stem: str) -> Any:
        return self._tantivy.Query.term_query(self._schema, field, stem)

    def _phrase(self, stems: Sequence[str]) -> Any:
        if len(stems) == 1:
            return self._term(BODY, stems[0])
        return self._tantivy.Query.phrase_query(self._schema, BODY, list(stems))

    def _bound(self, stems: Sequence[str]) -> float:
        """The sum of what each stem could give at the most, over the fields where it occurs.

        One that no passage has counts as the rarest: an answer that says all but that is no whole
        answer.
        """
        return sum(
            boost * (K1 + 1) * self._idf(found)
            for stem in stems
            for field, boost in FIELDS.items()
            if (found := self._with(field, stem)) or field == BODY
        )

    def _idf(self, found: int) -> float:
        passages = max(self._counted, LIKE_PASSAGES)
        return math.log(1 + (passages - found + 0.5) / (found + 0.5))


def _with_holes(folder: Path) -> int:
    """How many passages BM25 counts: also those that were taken out and not yet merged away."""
    segments = json.loads((folder / "meta.json").read_text("utf-8"))["segments"]
    return sum(int(segment["max_doc"]) for segment in segments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Rows to be indexed, by which notation, and whom to tell the stems of each, in order.

    gone: ordinals of owners whose passages are taken out of the index that is extended.
    """

    rows: Iterable[Row]
    notation: Notation = field(default_factory=packaged)
    told: Callable[[Sequence[Sequence[str]]], None] = lambda _stems: None
    gone: Sequence[int] = ()


def write_terms(folder: Path, content: Content) -> None:
    """Build the term index of a snapshot in an empty folder.  Raises: OSError (disk full)."""
    import tantivy

    with _naming_a_full_disk(folder):
        built = tantivy.Index(_schema(), path=str(folder), reuse=False)
        built.register_tokenizer(ANALYSER, _stemmer())
        built.register_tokenizer(SPELLER, _splitter())
        _fill(folder, built.writer(HEAP_BYTES, 1), content)


@contextmanager
def _naming_a_full_disk(folder: Path) -> Iterator[None]:
    """Tell of a full disk as everything else does; tantivy only says so in words."""
    try:
        yield
    except ValueError as problem:
        if NO_SPACE not in str(problem):
            raise
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder)) from problem


def extend_terms(folder: Path, base: Path, content: Content) -> None:
    """Build a term index in an empty folder out of a verified one, which stays as it is.

    Segments are linked: tantivy writes none twice.  What it does replace by name is copied.
    Raises: OSError (disk full).
    """
    import tantivy

    for file in base.iterdir():
        if file.suffix == ".json":
            shutil.copyfile(file, folder / file.name)
        elif file.name not in LOCK_FILES:
            link(file, folder / file.name)
    with _naming_a_full_disk(folder):
        opened = tantivy.Index.open(str(folder))
        opened.register_tokenizer(ANALYSER, _stemmer())
        opened.register_tokenizer(SPELLER, _splitter())
        writer = opened.writer(HEAP_BYTES, 1)
        if content.gone:  # by a query: by a term, tantivy-py takes numbers for signed ones
            writer.delete_documents_by_query(
                tantivy.Query.term_set_query(opened.schema, "owner", list(content.gone))
            )
        _fill(folder, writer, content)


def _fill(folder: Path, writer: Any, content: Content) -> None:
    """Add rows, wait for all that is to be written, and leave no lock behind."""
    for row in content.rows:
        texts = _texts(row.passage, content.notation)
        writer.add_document(_document(row, texts))
        content.told([analysed(text) for text in texts])
    writer.commit()
    writer.wait_merging_threads()
    _remove_locks(folder)


def spelled_words(folder: Path) -> list[tuple[str, int]]:
    """Every word of a new term index as it is written, and in how many passages it is."""
    found = TermsLeg(folder).spelled()
    _remove_locks(folder)
    return found


def _remove_locks(folder: Path) -> None:
    for lock in LOCK_FILES:
        (folder / lock).unlink(missing_ok=True)


@lru_cache(maxsize=64)
def stems_of(query: ParsedQuery) -> Stems:
    """The stems that a query is searched by; stop words count only where there is nothing else."""
    words = surface_words(query.words)
    telling = [word for word in words if word not in STOP_WORDS]
    phrases = tuple(found for phrase in query.phrases if (found := analysed(phrase)))
    kept = telling or ([] if phrases else words)
    return Stems(
        words=tuple(dict.fromkeys(found for word in kept for found in stem(word))),
        phrases=phrases,
        excluded=tuple(found for phrase in query.excluded if (found := analysed(phrase))),
        pairs=_pairs(words, phrases),
    )


def _pairs(words: Sequence[str], phrases: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    stems = [() if word in STOP_WORDS else stem(word) for word in words]
    beside = [(one[-1], other[0]) for one, other in pairwise(stems) if one and other]
    return (*beside, *((one, other) for phrase in phrases for one, other in pairwise(phrase)))


def sounds_english(query: ParsedQuery) -> bool:
    """Whether a query has two of the words that no English question is without."""
    return len(STOP_WORDS.intersection(surface_words(query.words))) >= 2


def leaves_out(query: ParsedQuery, text: str) -> bool:
    """Whether a text has what a query leaves out, where there is no index to ask."""
    said = f" {' '.join(analysed(packaged().with_short_forms(packaged().normalised(text))))} "
    return any(f" {' '.join(phrase)} " in said for phrase in stems_of(query).excluded)


@lru_cache(maxsize=65_536)
def stem(word: str) -> tuple[str, ...]:
    """The stems under which one word is indexed: none for punctuation, several for `don't`."""
    return analysed(plain(word))


def analysed(normal: str) -> tuple[str, ...]:
    """The stems of normalised text, in order, stop words included."""
    return tuple(_stemmer().analyze(_indexable(normal)))


def surface_words(normal: str) -> list[str]:
    """The words of normalised text as they are spelled, without accents."""
    return list(_splitter().analyze(_indexable(normal)))


def _indexable(text: str) -> str:
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


def _schema() -> Any:
    import tantivy

    schema = tantivy.SchemaBuilder()
    for name in FIELDS:
        schema.add_text_field(name, tokenizer_name=ANALYSER)
    schema.add_text_field(SPELLED, tokenizer_name=SPELLER, index_option="basic")
    schema.add_text_field("kind", tokenizer_name="raw", index_option="basic")
    schema.add_unsigned_field("owner", indexed=True)
    schema.add_unsigned_field("row", indexed=True, fast=True)
    return schema.build()


def _texts(passage: Passage, notation: Notation) -> list[str]:
    """Title, speakers and text of a passage, normalised."""
    return [
        notation.with_short_forms(_indexable(notation.normalised(part)))
        for part in (passage.title, " ".join(passage.speakers), passage.text)
    ]


def _document(row: Row, texts: Sequence[str]) -> Any:
    """The parts of the body are values of their own, so that no phrase goes across them."""
    import tantivy

    title, speakers, text = texts
    document = tantivy.Document()
    for name, value in (
        (BODY, title),
        (BODY, speakers),
        (BODY, text),
        (SPELLED, f"{title} {speakers} {text}"),
        ("title", title),
        ("speakers", speakers),
    ):
        if value.strip():
            document.add_text(name, value)
    document.add_text("kind", row.passage.kind)
    document.add_unsigned("owner", row.owner)
    document.add_unsigned("row", row.row)
    return document


@cache
def _stemmer() -> Any:
    import tantivy

    return _words_only().filter(tantivy.Filter.stemmer("english")).build()


@cache
def _splitter() -> Any:
    return _words_only().build()


def _words_only() -> Any:
    import tantivy

    only = tantivy.Filter
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(only.remove_long(LONGEST_TERM_BYTES))
        .filter(only.lowercase())
        .filter(only.ascii_fold())
    )
