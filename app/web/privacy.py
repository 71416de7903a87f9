"""What the archive keeps of those who use it, in words, from the settings that it runs with.

Pure.  Invariant: every sentence is true of the settings that it is given; one that depends on a
setting is made from that setting.
"""

from catalog.settings import Settings

_QUIET = {"warning", "error"}


def rules(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Each matter with its sentence, in the order of a reader's questions."""
    return (
        ("Who may read", _reading(settings)),
        (
            "What you search for",
            "It is answered and forgotten, and written to no log and no table.",
        ),
        ("Log", _log(settings)),
        ("Your address", _address(settings)),
        ("Cookies", "None. The pages load nothing from elsewhere and tell no other site of you."),
        (
            "In your browser",
            "A talk's page remembers where you stopped and how fast you listened. That stays in "
            "this browser and is never sent; clear the site's data to be rid of it.",
        ),
        ("Other sites", _frames(settings)),
        *_contact(settings),
    )


def _contact(settings: Settings) -> tuple[tuple[str, str], ...]:
    if not settings.contact_email:
        return ()
    return (("Questions", f"Write to {settings.contact_email}."),)


def _reading(settings: Settings) -> str:
    if settings.reading == "open":
        return "Everybody, without an account or a key."
    return "Whoever has a key from staff. A key says what it may, and nothing of who uses it."


def _log(settings: Settings) -> str:
    if settings.log_level in _QUIET:
        return "Requests leave no line in the log; only faults do."
    return (
        "Each request leaves a line: the time, the kind of page, the status and how long it took. "
        "Which talk, which words and whose address are not in it."
    )


def _address(settings: Settings) -> str:
    if settings.limit_per_client == "off":
        return "It is neither counted nor kept."
    number, _, window = settings.limit_per_client.partition("/")
    where = "in memory" if settings.limit_store.startswith("memory://") else "in a shared counter"
    return (
        f"It is counted {where}, so that nobody asks more than {int(number):,} times a {window}, "
        f"and forgotten when that {window} is over. It is never written down."
    )


def _frames(settings: Settings) -> str:
    origins = settings.framing_origins
    if origins == ("'none'",):
        return "No other site may show a talk in a frame."
    if "*" in origins:
        return "Any site may show a talk in a frame; the rules here hold there too."
    return f"These may show a talk in a frame: {', '.join(origins)}. The rules here hold there too."
