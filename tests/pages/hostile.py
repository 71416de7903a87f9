"""An archive of what lists, files and speakers really bring: everything that is odd, at once."""

from datetime import date
from itertools import chain, cycle, islice

from catalog import papers as catalog_papers
from catalog.papers import NewPaper
from catalog.talks import NewTalk
from tests.app.conftest import filled
from tests.app.shelf import Shelf, Spoken, silent_wav

LONG_TITLE = ("Generalization of overparametrized networks beyond the threshold " * 8)[:500].strip()
UNBROKEN = "Interpolation" * 38
RIGHT_TO_LEFT = "יסודות הלמידה (PAC) והכללה מעבר לסף 2024"
COMBINING = "Z̴̧a̴l̷g̵o̶ Ǧ̈ẍ̂ and Ạ̃n̂ g̈r̂âdïènt"  # letters with marks above and below them
UNPARSED = r"Why $\frac{a}{$ and $$\begin{matrix} \undefined{x $ do not parse \left( x^^2"
WORDS = 40_000
_SAYING = (
    "the gradient of a wide network stays close to its value at the start and then the test error "
    "falls again beyond the interpolation threshold because minimum norm solutions are simpler"
)


def hostile(shelf: Shelf) -> dict[str, str]:
    """Fill an empty archive; the address of each odd talk and paper by what is odd in it."""
    filled(shelf)
    talks = {**_titles(shelf), **_lacking(shelf), **_states(shelf), **_transcripts(shelf)}
    papers = _papers(shelf)
    shelf.publish()
    with shelf.catalog.read() as session:
        found = {name: catalog_papers.find(session, one).slug for name, one in papers.items()}
    return {
        **{name: f"/talks/{shelf.slug(one)}" for name, one in talks.items()},
        **{name: f"/papers/{slug}" for name, slug in found.items()},
    }


def _titles(shelf: Shelf) -> dict[str, str]:
    odd = {
        "long title": LONG_TITLE,
        "unbroken title": UNBROKEN,
        "right to left": RIGHT_TO_LEFT,
        "combining": COMBINING,
        "unparsed formula": UNPARSED,
    }
    return {
        name: shelf.talk(
            NewTalk(
                title=title,
                speakers=(title[:200],),
                series=title[:200],
                held_on=date(2022, 1, 1 + n),
                abstract=f"{title}\n\n{title}",
            ),
            Spoken(
                sentences=(f"{title} is said here.", "And the threshold."),
                doubtful=tuple(title.split()),
            ),
            media=silent_wav(20) + bytes([n]),
        )
        for n, (name, title) in enumerate(odd.items())
    }


def _lacking(shelf: Shelf) -> dict[str, str]:
    """Talks without one thing or another."""
    spoken = Spoken(sentences=("Nobody knows who speaks of the threshold here.",))
    unknown = NewTalk(title="To be announced", title_is_known=False, speakers=("Ada Lowe",))
    link = (("video", "https://video.example/watch?v=1"), ("slides", "https://slides.example/1"))
    return {
        "no speaker and no date": shelf.talk(NewTalk(title="Without a Name"), spoken),
        "no transcript": shelf.talk(NewTalk(title="Not Heard Yet", speakers=("Ada Lowe",)), None),
        "nothing said": shelf.talk(NewTalk(title="Silence"), Spoken(sentences=())),
        "no recording": shelf.bare_talk(NewTalk(title="Only Announced", series="Foundations")),
        "no title": shelf.bare_talk(unknown),
        "recording elsewhere": shelf.bare_talk(NewTalk(title="Seen Elsewhere", links=link)),
        "unplayable": shelf.talk(
            NewTalk(title="A Format of Its Own"),
            Spoken(sentences=("This file is of no kind that a browser plays.",)),
            media=b"no film at all",
            media_type="video/x-unheard-of",
        ),
        "many speakers": shelf.talk(
            NewTalk(title="A Panel", speakers=tuple(f"Speaker Number {n}" for n in range(40))),
            Spoken(sentences=("Forty people speak of the threshold.",)),
        ),
    }


def _states(shelf: Shelf) -> dict[str, str]:
    """Talks in every state of recording, job and visibility."""

    def bare(title: str, status: str) -> str:
        return shelf.bare_talk(NewTalk(title=title, recording_status=status))

    made = {
        "declined": bare("Not for Keeping", "declined"),
        "not recorded": bare("Nobody Pressed the Button", "not_recorded"),
        "upcoming": shelf.bare_talk(NewTalk(title="Next Century", held_on=date(2126, 1, 1))),
        "recording withdrawn": shelf.talk(
            NewTalk(title="Taken Back", recording_status="withdrawn"),
            Spoken(sentences=("What was said is not shown.",)),
        ),
        "withdrawn": shelf.talk(
            NewTalk(title="Gone from View", visibility="withdrawn"),
            Spoken(sentences=("This is not to be found.",)),
        ),
        "unlisted": shelf.talk(
            NewTalk(title="Who Has the Address", visibility="unlisted"),
            Spoken(sentences=("Only who has the address reads this.",)),
        ),
        "partial": shelf.talk(
            NewTalk(title="Half a Recording", held_on=date(2021, 5, 5)),
            Spoken(
                sentences=("The beginning is there.", "The threshold is too.", "Then the end."),
                gaps=((12_000, 18_000), (25_000, 29_000)),
            ),
        ),
        "running": shelf.talk(NewTalk(title="Being Heard Now"), None),
        "failed": shelf.talk(NewTalk(title="Could Not Be Heard"), None),
    }
    shelf.change_job(made["running"], state="running", step="transcribe", done=30, total=120)
    shelf.change_job(made["failed"], state="failed", failure="the file is damaged")
    return made


def _transcripts(shelf: Shelf) -> dict[str, str]:
    """A transcript of 40,000 words: eleven hours in one page."""
    stream = chain(islice(cycle(_SAYING.split()), WORDS))
    sentences = []
    while words := list(islice(stream, 10)):
        sentences.append(f"{' '.join(words).capitalize()}.")
    return {
        "forty thousand words": shelf.talk(
            NewTalk(title="All Winter Long", speakers=("Oskar Lind",), held_on=date(2020, 1, 1)),
            Spoken(sentences=tuple(sentences), doubtful=("minimum",)),
        )
    }


def _papers(shelf: Shelf) -> dict[str, str]:
    with shelf.catalog.write() as session:
        named = catalog_papers.add(session, NewPaper(title="Known by Name Only")).public_id
    return {
        "paper without text": shelf.paper(NewPaper(title="Scanned Pages"), ("", "", "")),
        "paper by name": named,
        "paper with odd words": shelf.paper(
            NewPaper(
                title=LONG_TITLE[:480] + " in Print",
                authors=tuple(f"Author Number {n}" for n in range(60)),
                year=1899,
                venue=UNBROKEN[:200],
                abstract=f"{UNPARSED}\n\n{RIGHT_TO_LEFT}\n\n{COMBINING}",
            ),
            (f"{UNBROKEN} {UNPARSED}", RIGHT_TO_LEFT, f"The threshold {COMBINING}."),
        ),
    }
