"""Who is named by a query: whole names, surnames, and words that only look like one."""

import pytest

from index.names import Names
from index.rows import Owner

SPEAKERS = ("Boaz Barak", "Mikhail Belkin", "Anna Long", "Yann Müller", "Jun Li", "Pia A. Barak")
OWNERS = [
    Owner(kind="talk", owner_id=name, series=None, year=None, speakers=(name,)) for name in SPEAKERS
]
SHARES = {"barak": 0.6, "belkin": 0.3, "long": 0.05, "muller": 0.9, "li": 0.5}
NAMES = Names(OWNERS, lambda word: SHARES.get(word, 0.0))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("boaz barak", {"Boaz Barak"}),
        ("BARAK on scaling", {"Boaz Barak", "Pia A. Barak"}),
        ("Boaz Barak on scaling", {"Boaz Barak"}),
        ("what did Pia Barak say?", {"Pia A. Barak"}),
        ("Pia A. Barak", {"Pia A. Barak"}),
        ("mueller", set()),
        ("muller", {"Yann Müller"}),
        ("who is Müller?", {"Yann Müller"}),
        ("long", {"Anna Long"}),
        ("long sequences", set()),
        ("anna long on sequences", {"Anna Long"}),
        ("belkin and barak", {"Mikhail Belkin", "Boaz Barak", "Pia A. Barak"}),
        ("boaz", set()),
        ("gradient descent", set()),
        ("", set()),
    ],
)
def test_names_in_a_query(text: str, named: set[str]) -> None:
    assert {SPEAKERS[ordinal] for ordinal in NAMES.named(text)} == named
