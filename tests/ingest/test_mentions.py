"""Which papers some sentences name, and which they do not."""

import pytest

from catalog.captions import Line, TimedWord
from catalog.mentions import SHOWN_FROM
from ingest.mentions import Finder, Mention, together
from ingest.naming import KnownPaper
from ingest.spoken import tokens_of, years_of

ALEXNET = KnownPaper(
    key="alexnet",
    title="ImageNet Classification with Deep Convolutional Neural Networks",
    labels=("AlexNet",),
    authors=("Alex Krizhevsky", "Ilya Sutskever", "Geoffrey Hinton"),
    year=2012,
)
RESNET = KnownPaper(
    key="resnet",
    title="Deep Residual Learning for Image Recognition",
    labels=("ResNet",),
    authors=("Kaiming He", "Xiangyu Zhang"),
    year=2015,
    arxiv_id="1512.03385v1",
    doi="10.1109/cvpr.2016.90",
)
FAST = KnownPaper(key="fast", title="Fast R-CNN", authors=("Ross Girshick",), year=2015)
FASTER = KnownPaper(
    key="faster",
    title="Faster R-CNN: Towards Real-Time Object Detection",
    authors=("Shaoqing Ren",),
    year=2015,
)
DEEP = KnownPaper(key="deep", title="Deep Learning", authors=("Yann LeCun",), year=2015)
DROPOUT = KnownPaper(
    key="dropout",
    title="Dropout: A Simple Way to Prevent Neural Networks from Overfitting",
    authors=("Nitish Srivastava",),
    year=2014,
)
NOTES = KnownPaper(key="notes", title="Uniform Convergence, Margins, and Simple Probes", year=2024)
FINDER = Finder([ALEXNET, RESNET, FAST, FASTER, DEEP, DROPOUT, NOTES])


def found(*sentences: str, speakers: tuple[str, ...] = ()) -> list[Mention]:
    lines = [
        Line(start_ms=n * 10_000, end_ms=n * 10_000 + 9_000, text=one)
        for n, one in enumerate(sentences)
    ]
    return FINDER.find(lines, speakers=speakers)


def shown(*sentences: str) -> list[str]:
    return [one.paper for one in found(*sentences) if one.confidence >= SHOWN_FROM]


@pytest.mark.parametrize(
    ("sentence", "papers"),
    [
        ("In 2012 AlexNet won by a wide margin.", ["alexnet"]),
        ("We start from an alex net here.", ["alexnet"]),
        ("These are all ResNets, more or less.", ["resnet"]),
        ("See arXiv:1512.03385v2 for the proof.", ["resnet"]),
        ("The details are in 10.1109/CVPR.2016.90.", ["resnet"]),
        ("It is called deep residual learning for image recognition.", ["resnet"]),
        ("Then fast R-CNN, and then faster R-CNN.", ["fast", "faster"]),
        ("As proved in the notes on uniform convergence.", ["notes"]),
        ("Kaiming He and Xiangyu Zhang published it in twenty fifteen.", ["resnet"]),
        ("The dropout paper by Nitish Srivastava.", ["dropout"]),
    ],
)
def test_a_paper_is_known_by_what_people_call_it(sentence: str, papers: list[str]) -> None:
    assert shown(sentence) == papers


@pytest.mark.parametrize(
    "sentence",
    [
        "Deep learning is everywhere these days.",
        "There were many deep learning papers in 2015.",
        "We use dropout with probability one half.",
        "Uniform convergence fails here.",
        "He said that we need a long residual and deep image.",
        "Alex asked Zhang about the network in 2012.",
        "An image is classified by deep networks with convolutional layers.",
        "1512.033851 is a number, and so is 2015.",
        "",
        "\x00 ... ,,, \u202e",
    ],
)
def test_ordinary_words_name_no_paper(sentence: str) -> None:
    assert shown(sentence) == []


def test_a_misheard_name_alone_is_kept_but_not_shown() -> None:
    [one] = found("Here we use faster are CNN instead.")
    assert (one.paper, one.said) == ("faster", "faster are CNN")
    assert one.cues == ("sounds like its name",)
    assert one.confidence < SHOWN_FROM


def test_a_misheard_author_still_counts() -> None:
    [one] = found("That is what Krizhevski and others did in 2012.")
    assert one.paper == "alexnet"
    assert set(one.cues) >= {"authors", "year"}


def test_the_speakers_own_name_is_no_cue() -> None:
    lines = [Line(start_ms=0, end_ms=9_000, text="I am Alex Krizhevsky and it is 2012.")]
    assert FINDER.find(lines, speakers=("Alex Krizhevsky",)) == []
    assert FINDER.find(lines) != []


def test_a_mention_has_its_time_its_words_and_its_sentence() -> None:
    words = ("First.", "We", "take", "AlexNet", "now.", "Then", "more.")
    line = Line(
        start_ms=0,
        end_ms=7_000,
        text=" ".join(words),
        words=tuple(
            TimedWord(start_ms=n * 1_000, end_ms=(n + 1) * 1_000, text=f" {word}")
            for n, word in enumerate(words)
        ),
    )
    [one] = FINDER.find([line])
    assert (one.start_ms, one.end_ms) == (3_000, 4_000)
    assert (one.said, one.text) == ("AlexNet", "We take AlexNet now.")


def test_a_plain_name_that_is_the_subject_counts_less() -> None:
    once = found("Dropout is a trick.")
    often = found(*["Dropout is a trick."] * 12)
    assert max((one.confidence for one in often), default=0.0) <= max(
        (one.confidence for one in once), default=0.0
    )


def test_namings_that_follow_closely_are_one_mention() -> None:
    said = found("AlexNet is big.", "So AlexNet won.", *["And so on."] * 10, "AlexNet again.")
    assert [(one.start_ms, one.end_ms > 10_000) for one in together(said)] == [
        (0, True),
        (said[2].start_ms, True),
    ]


@pytest.mark.parametrize(
    ("words", "year"),
    [
        ("in 2012", 2012),
        ("in twenty seventeen", 2017),
        ("in twenty twenty-one", 2021),
        ("in nineteen ninety eight", 1998),
        ("in two thousand and twelve", 2012),
        ("in two thousand", 2000),
    ],
)
def test_years_are_read_as_they_are_said(words: str, year: int) -> None:
    assert list(years_of(tokens_of([Line(start_ms=0, end_ms=1_000, text=words)])).values()) == [
        year
    ]


def test_two_papers_of_one_name_share_it() -> None:
    twin = KnownPaper(key="twin", title="Something Else", labels=("AlexNet",))
    lines = [Line(start_ms=0, end_ms=9_000, text="We use AlexNet.")]
    both = Finder([ALEXNET, twin]).find(lines)
    assert {one.paper for one in both} == {"alexnet", "twin"}
    assert all(one.confidence < SHOWN_FROM for one in both)
