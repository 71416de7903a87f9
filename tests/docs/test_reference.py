"""The reference pages say what the code does."""

from pathlib import Path

import pytest

from catalog.settings import Settings
from docs.reference import FOLDER, pages

PAGES = pages()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_reference_page_is_what_the_code_says(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name], (
        f"docs/reference/{name} is stale: run `python -m docs.reference`"
    )


def test_no_other_page_lies_among_them() -> None:
    assert {file.name for file in FOLDER.iterdir()} == set(PAGES)


def test_every_setting_and_verb_and_path_is_there() -> None:
    for name in Settings.model_fields:
        assert f"`SEMINAR_{name.upper()}`" in PAGES["settings.md"]
    for verb in ("add", "worker", "jobs retry", "transcript export", "evaluate", "serve"):
        assert f"`seminar {verb}`" in PAGES["command-line.md"]
    for path in ("/api/v1/search", "/api/v1/talks/{talk_id}/transcript", "/media/talks/{talk_id}"):
        assert f"`GET {path}`" in PAGES["api.md"]


def test_the_environment_does_not_change_the_pages(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SEMINAR_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SEMINAR_ARCHIVE_NAME", "Another archive")
    monkeypatch.setenv("COLUMNS", "40")
    assert pages() == PAGES
