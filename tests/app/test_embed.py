import base64
import gzip
import hashlib
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.embed import files
from tests.app.shelf import Shelf, served

LARGEST = 20_000


def test_the_script_weighs_less_than_twenty_kilobytes() -> None:
    assert len(gzip.compress(files.present().body, 9)) < LARGEST


def test_any_site_may_load_the_script_and_asks_again_soon(reader: TestClient) -> None:
    answer = reader.get("/embed/v1.js", headers={"origin": "https://course.example.edu"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    assert "max-age=300" in answer.headers["cache-control"]
    again = reader.get("/embed/v1.js", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["access-control-allow-origin"] == "*"


def test_the_pinned_name_has_the_bytes_that_its_integrity_says(reader: TestClient) -> None:
    said = reader.get("/embed/integrity.json").json()
    pinned = reader.get(said["url"])
    assert "immutable" in pinned.headers["cache-control"]
    assert pinned.content == reader.get("/embed/v1.js").content
    assert said["bytes"] == len(pinned.content)
    digest = base64.b64encode(hashlib.sha384(pinned.content).digest()).decode()
    assert said["integrity"] == f"sha384-{digest}"


@pytest.mark.parametrize("path", ["/embed/v1-0000000000000000.js", f"/embed/v1-{'a' * 9000}.js"])
def test_another_hash_is_a_problem(reader: TestClient, path: str) -> None:
    answer = reader.get(path)
    assert answer.status_code in {404, 422}
    assert answer.headers["content-type"] == "application/problem+json"


def test_only_the_files_are_open_to_every_site(reader: TestClient) -> None:
    for path in ("/", "/api/v1/status", "/static/look.css"):
        answer = reader.get(path, headers={"origin": "https://course.example.edu"})
        assert answer.headers.get("access-control-allow-origin") != "*", path


def test_a_script_that_was_served_is_kept_for_those_who_pin_it(shelf: Shelf) -> None:
    with served(shelf, wait=False):
        pass
    folder = shelf.settings.data_dir / files.KEPT
    assert files.pinned(folder, files.present().digest) == files.present()
    (kept,) = folder.iterdir()
    assert kept.read_bytes() == files.present().body
    old = b"// an earlier one"
    digest = hashlib.sha256(old).hexdigest()[:16]
    (folder / f"v1-{digest}.js").write_bytes(old)
    with served(shelf, wait=False) as client:
        answer = client.get(f"/embed/v1-{digest}.js")
        assert (answer.status_code, answer.content) == (200, old)
        assert "immutable" in answer.headers["cache-control"]
        (folder / f"v1-{digest}.js").write_bytes(b"// changed")
        assert client.get(f"/embed/v1-{digest}.js").status_code == 404
        assert client.get("/embed/v1-..%2Fcatalog.js").status_code == 404


def test_where_nothing_can_be_kept_the_present_script_is_served(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    files.keep(tmp_path / "file")
    assert files.pinned(tmp_path / "file", files.present().digest) == files.present()
    assert files.pinned(tmp_path / "file", "0" * 16) is None


def test_the_script_styles_nothing_inline() -> None:
    """A strict policy of a host forbids style attributes and style elements."""
    script = files.present().body.decode()
    for word in ("innerHTML", "insertAdjacentHTML", 'style="', 'made("style"', "eval(", "cookie ="):
        assert word not in script, word
