import subprocess
import sys
from pathlib import Path

import pytest

from catalog.talks import NewTalk
from index.encoders.sentence import SentenceEncoder
from index.weights import ENCODERS, located
from tests.app.shelf import Shelf, Spoken, served

ROOT = Path(__file__).resolve().parents[2]
NEVER = (
    *("faster_whisper", "whisper", "ctranslate2", "av", "dbos", "ingest", "pypdfium2"),
    *("torch", "sentence_transformers", "transformers"),
)

PROGRAM = """
import sys, time
from pathlib import Path
from starlette.testclient import TestClient
from app.main import create_app
from catalog.settings import Settings

app = create_app(Settings(data_dir=Path(sys.argv[1])))
heavy = sorted({"faiss", "tantivy", "torch", "onnxruntime"} & set(sys.modules))
assert not heavy, f"loaded before it was needed: {heavy}"
with TestClient(app) as client:
    while client.get("/readyz").status_code != 200:
        time.sleep(0.05)
    assert client.get("/readyz").json()["status"] == "ready", client.get("/readyz").text
    answer = client.get("/api/v1/search", params={"q": "why do sums of squares explode"}).json()
    assert answer["legs"] == {"dense": "ok", "terms": "ok"}, answer
    assert answer["hits"], answer
    for url in ("/", "/search?q=kernel", "/talks", "/talks/kernels", "/papers", "/about",
                "/api/v1/talks/kernels/transcript?format=vtt", "/metrics", "/api/v1/openapi.json"):
        assert client.get(url).status_code == 200, url
print(" ".join(sorted({name.split(".")[0] for name in sys.modules})))
"""


@pytest.mark.slow
def test_the_service_with_its_encoder_loads_neither_torch_nor_speech(
    shelf: Shelf,
) -> None:
    shelf.encoder = SentenceEncoder(located("all-MiniLM-L6-v2", ENCODERS), device="cpu")
    shelf.talk(
        NewTalk(title="Kernels"),
        Spoken(sentences=("The sum of squares blows up where the matrix is nearly singular.",)),
    )
    shelf.publish()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(shelf.settings.data_dir)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "onnxruntime" in loaded
    assert not loaded & set(NEVER)


@pytest.mark.slow
def test_a_question_in_other_words_finds_what_was_meant(shelf: Shelf) -> None:
    shelf.encoder = SentenceEncoder(located("all-MiniLM-L6-v2", ENCODERS), device="cpu")
    for title, sentence in {
        "Peaks": "Past the interpolation threshold, the test error goes down a second time.",
        "Dinner": "For the soup, chop two onions and let them simmer in butter.",
        "Weather": "Tomorrow there will be rain in the north and sunshine in the south.",
    }.items():
        shelf.talk(NewTalk(title=title), Spoken(sentences=(sentence,)))
    shelf.publish()
    with served(shelf) as client:
        asked = {"q": "why does the test loss fall again for larger networks"}
        assert client.get("/api/v1/search", params=asked).json()["hits"][0]["title"] == "Peaks"
        nonsense = client.get("/api/v1/search", params={"q": "zebra crossing paint"}).json()
        assert nonsense["hits"] == []
