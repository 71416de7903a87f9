"""The demonstration, used as a newcomer uses it: ask, and land on the right moment."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.archive import DEMO, ROOT, seminar, seminar_json

ASKED = json.loads((ROOT / "tests" / "demo_questions.json").read_text())
CUES = json.loads((DEMO / "recordings" / "cues.json").read_text())
NEAR_MS = 30_000
Hit = dict[str, Any]


@pytest.fixture(scope="module")
def answers(demo_archive: Path) -> dict[str, list[Hit]]:
    """What the archive answers to every question of the demonstration."""
    from catalog.settings import read_settings
    from index import snapshot
    from index.contract import SearchRequest
    from index.encoders.choose import open_encoder
    from index.searcher import Searcher

    settings = read_settings(data_dir=demo_archive)
    generation = snapshot.current_generation(settings.index_dir)
    assert generation is not None
    searcher = Searcher.open(settings.index_dir, generation, open_encoder(settings.encoder_model))
    asked = [one["question"] for one in ASKED["talk_questions"] + ASKED["paper_questions"]]
    asked += [one["sentence"] for one in ASKED["last_sentences"]]
    found = {text: searcher.search(SearchRequest(text=text, limit=10)).hits for text in asked}
    searcher.close()
    return {
        text: [
            {
                "title": hit.passage.title,
                "start_ms": hit.passage.start_ms,
                "end_ms": hit.passage.end_ms,
                "page": hit.passage.page,
            }
            for hit in hits
        ]
        for text, hits in found.items()
    }


def starts_near(hit: Hit, wanted: Hit) -> bool:
    if hit["title"] != wanted["title"] or hit["start_ms"] is None:
        return False
    return bool(abs(hit["start_ms"] - wanted["start_ms"]) <= NEAR_MS)


def test_nine_of_ten_questions_find_talk_and_moment(answers: dict[str, list[Hit]]) -> None:
    missed = [
        one["question"]
        for one in ASKED["talk_questions"]
        if answers[one["question"]][0]["title"] != one["title"]
        or not any(starts_near(hit, one) for hit in answers[one["question"]][:3])
    ]
    assert len(ASKED["talk_questions"]) == 10
    assert len(missed) <= 1, missed


def test_questions_about_papers_find_the_page(answers: dict[str, list[Hit]]) -> None:
    for one in ASKED["paper_questions"]:
        places = [(hit["title"], hit["page"]) for hit in answers[one["question"]][:3]]
        assert (one["title"], one["page"]) in places, (one["question"], places)


def test_the_last_sentence_of_every_talk_is_found(answers: dict[str, list[Hit]]) -> None:
    assert len(ASKED["last_sentences"]) == 7
    for one in ASKED["last_sentences"]:
        best = answers[one["sentence"]][0]
        assert best["title"] == one["title"]
        assert best["start_ms"] <= one["end_ms"], one["title"]
        assert best["end_ms"] >= one["start_ms"], one["title"]


def test_the_questions_and_the_recordings_belong_together() -> None:
    for one in ASKED["talk_questions"]:
        cues = CUES[Path(one["file"]).name]["paragraphs"]
        starts = {cue["section"]: cue["start_ms"] for cue in cues}
        assert starts[one["section"]] == one["start_ms"]


def test_the_archive_is_whole(demo_archive: Path) -> None:
    report = seminar_json(demo_archive, "check")
    assert report["faults"] == []
    assert report["checked"]["jobs"] == 11
    assert report["checked"]["passages"] > 100


def test_adding_the_demonstration_again_changes_nothing(demo_archive: Path) -> None:
    before = seminar_json(demo_archive, "talks", "list")
    again = seminar(demo_archive, "add", "--manifest", DEMO / "manifest.yaml")
    assert again.stderr.count("already in the archive") == 11
    assert seminar_json(demo_archive, "talks", "list") == before


def test_a_lost_index_is_built_again_with_the_same_answers(
    demo_archive: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "data"
    shutil.copytree(demo_archive, archive)
    question = "why do random labels make bounds empty"
    before = seminar_json(archive, "search", question)["hits"]
    shutil.rmtree(archive / "index")
    assert "run `seminar reindex`" in seminar(archive, "search", question, check=False).stderr
    seminar(archive, "reindex")
    assert seminar_json(archive, "search", question)["hits"] == before


def test_transcripts_come_in_four_shapes(demo_archive: Path) -> None:
    talk = seminar_json(demo_archive, "talks", "list")[0]["id"]

    def exported(shape: str) -> str:
        return seminar(demo_archive, "transcript", "export", talk, "--format", shape).stdout

    assert exported("vtt").startswith("WEBVTT\n")
    assert " --> " in exported("srt")
    assert "-->" not in exported("txt")
    rows = json.loads(exported("json"))
    assert rows[0]["words"]
    assert rows[0]["start_ms"] < rows[-1]["start_ms"]


def test_a_damaged_snapshot_is_found_by_check(demo_archive: Path, tmp_path: Path) -> None:
    archive = tmp_path / "data"
    shutil.copytree(demo_archive, archive)
    served = (archive / "index" / "CURRENT").read_text().strip()
    vectors = archive / "index" / served / "part-000000000" / "vectors.npy"
    whole = bytearray(vectors.read_bytes())
    whole[len(whole) // 2] ^= 1
    vectors.chmod(0o644)
    vectors.write_bytes(whole)
    report = seminar(archive, "check", "--json", check=False)
    assert report.returncode == 1
    assert "vectors.npy" in report.stdout
