"""A transcript without times as a page shows it: paragraphs of sentences, and where passages begin.

Pure.  Invariant: every word of the transcript is on the page, in order; a passage whose first words
are in it has an anchor there.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from app.api.places import passage_anchor
from app.web.contexts.talk import Paragraph, Said, SpokenLine
from app.web.transcript import PARAGRAPH_CHARS
from catalog.caption_files import without_sounds
from catalog.captions import Line
from catalog.tables import PassageRow
from index.prose import clean, sentence_spans

_ENOUGH_WORDS = 12


def untimed_paragraphs(
    lines: Sequence[Line], passages: Sequence[PassageRow]
) -> tuple[Paragraph, ...]:
    """The text in paragraphs as it was written, long ones parted at a sentence's end."""
    sentences = [[s for _, s in sentence_spans([(0, clean(line.text))])] for line in lines]
    flat = [sentence for paragraph in sentences for sentence in paragraph]
    anchors = _anchors(flat, passages)
    made: list[Paragraph] = []
    number = 0
    for paragraph in sentences:
        for part in _parted(paragraph):
            spoken = (_spoken(text, anchors.get(number + n, ())) for n, text in enumerate(part))
            made.append(Paragraph(place="", url="", lines=tuple(spoken), gap=""))
            number += len(part)
    return tuple(made)


def _spoken(text: str, anchors: Sequence[str]) -> SpokenLine:
    return SpokenLine(
        start_ms=0, end_ms=0, parts=(Said(text=text, doubt=""),), anchors=tuple(anchors)
    )


def _parted(sentences: Iterable[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for sentence in sentences:
        if sum(map(len, part)) >= PARAGRAPH_CHARS:
            yield part
            part = []
        part.append(sentence)
    if part:
        yield part


def _anchors(sentences: Sequence[str], passages: Iterable[PassageRow]) -> Mapping[int, list[str]]:
    """The anchors of the passages that begin in each sentence, by its number."""
    stream = [
        (word, number)
        for number, sentence in enumerate(sentences)
        for word in without_sounds(sentence).split()
    ]
    found: dict[int, list[str]] = defaultdict(list)
    at = 0
    for passage in passages:
        begins = _find(stream, passage.text.split()[:_ENOUGH_WORDS], at)
        if begins is not None:
            found[stream[begins][1]].append(passage_anchor(passage.public_id))
            at = begins
    return found


def _find(stream: Sequence[tuple[str, int]], words: Sequence[str], at: int) -> int | None:
    for begins in range(at, len(stream) - len(words) + 1):
        if all(stream[begins + n][0] == word for n, word in enumerate(words)):
            return begins
    return None
