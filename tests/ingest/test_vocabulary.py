"""Which names and terms a talk is expected to say."""

from hypothesis import given
from hypothesis import strategies as st

from ingest.engines import HOTWORD_TOKENS, prompted
from ingest.vocabulary import PaperSource, TalkSource, sentences_about, vocabulary

KNOWN = (
    "kernel gradient error test lecture bound bounds number numbers random matrix the theory of "
    "a we show that is small networks have wide for and by with its proof complexity"
)


def pieces(word: str) -> int:
    """As if a model knew a few words whole and spelled all others in threes."""
    return sum(1 if part in KNOWN.split() else 1 + len(part) // 3 for part in word.lower().split())


def talk(**known: object) -> TalkSource:
    return TalkSource(**{"title": "The bound", **known})  # type: ignore[arg-type]


def test_speakers_come_first_whole_and_by_their_parts() -> None:
    terms = vocabulary(talk(title="Rademacher bounds", speakers=("Mira Halvorsen",)), pieces)
    assert terms[:3] == ("Mira Halvorsen", "Mira", "Halvorsen")
    assert "Rademacher" in terms


def test_words_that_every_model_knows_take_no_room() -> None:
    assert vocabulary(talk(abstract="We show that the gradient is small."), pieces) == ()


def test_names_that_belong_together_stay_together() -> None:
    abstract = "We bound the Kullback-Leibler divergence by McAllester and Catoni."
    terms = vocabulary(talk(abstract=abstract), pieces)
    assert terms.index("Kullback-Leibler") < terms.index("Kullback")
    assert "McAllester and Catoni" in terms
    assert "divergence" in terms


def test_a_common_word_at_the_beginning_of_a_title_is_no_name() -> None:
    terms = vocabulary(
        talk(title="Eigenvalues Matter", abstract="We bound the eigenvalues."), pieces
    )
    assert "eigenvalues" in terms
    assert "Eigenvalues" not in terms


def test_a_linked_paper_gives_headings_and_what_its_pages_say_often() -> None:
    body = "The Stieltjes transform is small. " * 40 + "Once we say supercalifragilistic. "
    filler = "the random matrix theory of wide networks " * 150
    paper = PaperSource(
        title="Notes", authors=("Ada Thorvald",), pages=(f"1 Marchenko-Pastur Law\n{body}{filler}",)
    )
    terms = vocabulary(talk(papers=(paper,)), pieces)
    assert {"Ada Thorvald", "Marchenko-Pastur", "Stieltjes"} <= set(terms)
    assert "supercalifragilistic" not in terms


def test_the_prompt_is_sentences_and_a_glossary_and_leaves_room_for_both() -> None:
    long = " ".join(f"Sentence {n} speaks of concentration inequalities." for n in range(60))
    source = talk(title="Chaining", abstract=long, speakers=("Mira Halvorsen",))
    about = sentences_about(source, pieces)
    assert about[0] == "Chaining."
    assert sum(pieces(one) for one in about) <= HOTWORD_TOKENS // 2
    prompt = prompted([*about, *vocabulary(source, pieces)], pieces)
    assert prompt is not None
    assert prompt.startswith("Chaining. Sentence 0 ")
    assert "Glossary: Mira Halvorsen, Mira, Halvorsen" in prompt
    assert prompted((), pieces) is None


@given(st.text(max_size=300), st.text(max_size=80), st.text(max_size=300))
def test_whatever_was_typed_gives_the_same_list_without_repeats(
    abstract: str, speaker: str, page: str
) -> None:
    paper = PaperSource(title=speaker, pages=(page,))
    source = talk(title=abstract[:40], abstract=abstract, speakers=(speaker,), papers=(paper,))
    terms = vocabulary(source, pieces)
    assert terms == vocabulary(source, pieces)
    assert len({term.lower() for term in terms}) == len(terms) <= 120
