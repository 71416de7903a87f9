"""Which library runs a model: ONNX Runtime where it gives the same vectors, else the reference.

Invariant: whoever runs it, a model has one fingerprint and one set of vectors; so the choice is of
speed and memory only.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias

from index.encoders import Encoder
from index.encoders.recipe import NoRecipe, fingerprint_of
from index.errors import EncoderMismatch, EncoderMissing, ModelDamaged, ModelMissing
from index.weights import ENCODERS, located

Backend: TypeAlias = Literal["auto", "onnx", "sentence-transformers"]
GPU_DRIVER = Path("/dev/nvidiactl")

log = logging.getLogger(__name__)


def open_encoder(
    name: str, *, device: str = "auto", backend: Backend = "auto", threads: int = 0
) -> Encoder:
    """The encoder that a setting names: a folder, packaged weights, or a hub's name.

    threads: of one call on a processor; 0 is one for each core.
    Raises: EncoderMissing, ModelMissing, ModelDamaged.
    """
    from index.encoders.sentence import SentenceEncoder, fetched

    folder = fetched(located(name, ENCODERS))
    if backend == "onnx" or (backend == "auto" and not _on_gpu(device)):
        from index.encoders.fast import FastEncoder

        try:
            return FastEncoder(folder, threads=threads)
        except NoRecipe as reason:
            if backend == "onnx":
                raise EncoderMissing(
                    name, f"ONNX Runtime cannot run it: {reason}; set SEMINAR_ENCODER_BACKEND=auto"
                ) from reason
            log.warning("%s runs on sentence-transformers, slower: %s", name, reason)
    return SentenceEncoder(folder, device=None if device == "auto" else device)


def fitting_encoder(
    fingerprint: str, names: tuple[str, ...], load: Callable[[str], Encoder]
) -> Encoder:
    """The first of the named models whose vectors a snapshot with this fingerprint holds.

    Raises: EncoderMismatch when none has it; ModelMissing or ModelDamaged when none loads.
    """
    problem: Exception | None = None
    for name in dict.fromkeys(name for name in names if name):
        try:
            encoder = load(name)
        except (ModelMissing, ModelDamaged) as missing:
            problem = problem or missing
            continue
        if encoder.fingerprint == fingerprint:
            return encoder
        problem = EncoderMismatch(fingerprint, encoder.fingerprint)
    raise problem or EncoderMissing("", "no encoder is named; set SEMINAR_ENCODER_MODEL")


def made_by(fingerprint: str, name: str) -> bool:
    """Whether vectors with this fingerprint are of the named model, without loading it.

    A model that is only on a hub yet is another one.  Raises: ModelMissing, ModelDamaged.
    """
    folder = located(name, ENCODERS)
    return folder.is_dir() and fingerprint.startswith(f"{fingerprint_of(folder)}-")


def _on_gpu(device: str) -> bool:
    """Whether models run on a GPU; torch is asked only where there is a driver for one."""
    if device != "auto" or not GPU_DRIVER.exists():
        return device not in {"auto", "cpu"}
    import torch

    return bool(torch.cuda.is_available())
