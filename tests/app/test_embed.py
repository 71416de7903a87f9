import base64
import gzip
import hashlib
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.embed import files

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


def test_scripts_of_releases_are_kept_under_their_hash(tmp_path: Path) -> None:
    old = b"// the first one"
    digest = hashlib.sha256(old).hexdigest()[:16]
    (tmp_path / f"v1-{digest}.js").write_bytes(old)
    (tmp_path / "README.md").write_text("not a script")
    assert {name: one.body for name, one in files.kept_in(tmp_path).items()} == {digest: old}
    (tmp_path / f"v1-{digest}.js").write_bytes(b"// changed")
    with pytest.raises(ValueError, match="was changed"):
        files.kept_in(tmp_path)


def test_the_script_styles_nothing_inline() -> None:
    """A strict policy of a host forbids style attributes and style elements."""
    script = files.present().body.decode()
    for word in ("innerHTML", "insertAdjacentHTML", 'style="', 'made("style"', "eval(", "cookie ="):
        assert word not in script, word
