"""`seminar search`: ask the archive from the shell."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.context import clock, open_archive, print_json, remark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.cli.context import Archive
    from index.contract import Hit, SearchResult
    from index.encoders import Encoder


class Mode(StrEnum):
    """Which searches run."""

    HYBRID = "hybrid"
    SEMANTIC = "semantic"
    KEYWORD = "keyword"


class Kind(StrEnum):
    """What is searched."""

    TALK = "talk"
    PAPER = "paper"


def register(app: typer.Typer) -> None:
    """Add this file's verbs."""
    app.command("search")(search)


def search(
    context: typer.Context,
    query: Annotated[
        str,
        typer.Argument(
            help="A question, words, a phrase in quotes; `speaker:`, `series:`, `year:`, `kind:` "
            "to narrow, `-` before what to leave out."
        ),
    ],
    count: Annotated[int, typer.Option("-k", min=1, max=100, help="How many passages.")] = 10,
    kind: Annotated[Kind | None, typer.Option(help="Only talks or only papers.")] = None,
    mode: Annotated[Mode, typer.Option(help="By meaning and words, or one of them.")] = Mode.HYBRID,
    exact: Annotated[bool, typer.Option("--exact", help="Put no word right.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Find passages, best first, with the second of the talk or the page of the paper."""
    from catalog import passages
    from index.contract import SearchRequest

    with open_archive(context.obj.settings()) as archive:
        request = SearchRequest(
            text=query,
            mode=mode.value,
            kinds=(kind.value,) if kind else ("talk", "paper"),
            exact=exact,
            limit=min(2 * count, 100),
        )
        result = _searched(archive, request)
        with archive.catalog.read() as session:
            shown = passages.shown(session, [hit.passage.id for hit in result.hits])
    hits = [hit for hit in result.hits if hit.passage.id in shown][:count]
    if as_json:
        print_json(_document(query, result, hits))
        return
    for reason in result.degraded:
        remark(f"degraded: {reason}")
    for line in _understood(result):
        remark(line)
    _print(result, hits)


def _searched(archive: "Archive", request: Any) -> "SearchResult":
    from index import snapshot
    from index.errors import NoSnapshot
    from index.searcher import Searcher

    index_dir = archive.settings.index_dir
    generation = snapshot.current_generation(index_dir)
    if generation is None:
        raise NoSnapshot(index_dir)
    encoder = None if request.mode == "keyword" else _encoder(archive, generation)
    searcher = Searcher.open(index_dir, generation, encoder)
    try:
        return searcher.search(request)
    finally:
        searcher.close()


def _encoder(archive: "Archive", generation: str) -> "Encoder | None":
    """The encoder of the snapshot; without one, words are searched, and it is said."""
    from index import snapshot
    from index.encoders.choose import fitting_encoder, open_encoder
    from index.errors import EncoderMismatch, ModelDamaged, ModelMissing

    settings = archive.settings
    manifest = snapshot.read_manifest(settings.index_dir, generation)
    try:
        return fitting_encoder(
            manifest.encoder_fingerprint,
            (manifest.encoder_model, settings.encoder_model),
            lambda name: open_encoder(
                name, device=settings.device, backend=settings.encoder_backend
            ),
        )
    except (EncoderMismatch, ModelMissing, ModelDamaged) as problem:
        remark(f"seminar: {problem}")
        return None


def _understood(result: "SearchResult") -> "Iterator[str]":
    """What was made of the query, where it is more than words."""
    if result.showing_for is not None:
        yield f"showing results for: {result.showing_for}  (--exact searches for what was typed)"
    for one in result.query.understood:
        if not one.is_phrase:
            yield f"{'without' if one.excluded else 'only'} {one.part}: {one.value}"
    yield from result.remarks


def _print(result: "SearchResult", hits: "list[Hit]") -> None:
    from rich.text import Text

    from app.cli.context import stdout
    from index.snippet import snippet

    if not hits:
        remark("nothing found")
    out = stdout()
    for number, hit in enumerate(hits, start=1):
        one = hit.passage
        names = f" · {', '.join(one.speakers)}" if one.speakers else ""
        out.print(Text(f"{number:2}. {_place(hit):>8}  {one.title}{names}", style="bold"))
        line = Text(" " * 14)
        for span in snippet(one.text, result.query):
            line.append(span.text, style="bold yellow" if span.hit else "")
        out.print(line)


def _place(hit: "Hit") -> str:
    one = hit.passage
    if one.kind == "paper":
        return f"p. {one.page}"
    return "text" if one.start_ms is None else clock(one.start_ms)


def _document(query: str, result: "SearchResult", hits: "list[Hit]") -> dict[str, Any]:
    return {
        "query": query,
        "understood": [
            {"part": one.part, "value": one.value, "excluded": one.excluded}
            for one in result.query.understood
        ],
        "showing_for": result.showing_for,
        "remarks": list(result.remarks),
        "generation": result.generation,
        "legs": dict(result.legs),
        "degraded": list(result.degraded),
        "hits": [
            {
                "kind": hit.passage.kind,
                "id": hit.passage.owner_id,
                "title": hit.passage.title,
                "passage": hit.passage.id,
                "start_ms": hit.passage.start_ms,
                "end_ms": hit.passage.end_ms,
                "page": hit.passage.page,
                "score": hit.score,
                "found_by": hit.found_by,
                "text": hit.passage.text,
            }
            for hit in hits
        ],
    }
