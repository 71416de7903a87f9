"""Importing the library loads nothing heavy, and each heavy library has one file."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
HEAVY = (
    *("faiss", "tantivy", "torch", "sentence_transformers", "transformers", "huggingface_hub"),
    *("onnx", "onnxruntime", "tokenizers", "safetensors"),
)
MODULES = sorted(
    ".".join(file.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")
    for file in (PROJECT / "index").rglob("*.py")
)


def test_importing_every_module_loads_nothing_heavy() -> None:
    code = f"import sys, {', '.join(MODULES)}; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("library", "files"),
    [
        ("faiss", ["index/dense.py"]),
        ("tantivy", ["index/terms.py"]),
        ("sentence_transformers", ["index/encoders/sentence.py", "index/rerankers/cross.py"]),
        ("onnxruntime", ["index/encoders/fast.py"]),
        ("onnx", ["index/encoders/graph.py"]),
    ],
)
def test_each_heavy_library_is_imported_by_its_adapters(library: str, files: list[str]) -> None:
    pattern = re.compile(rf"^\s*(import|from) {library}\b", re.MULTILINE)
    sources = [
        path for path in (PROJECT / "index").rglob("*.py") if pattern.search(path.read_text())
    ]
    assert sorted(str(path.relative_to(PROJECT)) for path in sources) == files


def test_with_both_kinds_of_faiss_nothing_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two distributions that claim the folder, as pip would record them."""
    from index.dense import imported
    from index.errors import FaissUnavailable

    for name in ("faiss_cpu", "faiss_gpu"):
        record = tmp_path / f"{name}-1.15.1.dist-info"
        record.mkdir()
        (record / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.15.1\n"
        )
    monkeypatch.syspath_prepend(tmp_path)
    imported.cache_clear()
    with pytest.raises(FaissUnavailable, match="both installed"):
        imported()
