"""How a model's folder says that texts become vectors, read without any model library.

Invariant: a recipe is only made of a model that the fast path runs exactly as
sentence-transformers does; what is new to it is refused, never guessed.  The fingerprint is made
of every file that decides the vectors, so whichever library runs a model declares the same one.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from index.weights import sha256_of

Pooling: TypeAlias = Literal["mean", "cls"]

DECIDING = ("*.safetensors", "*/*.safetensors", "vocab.*", "*.json", "*/config.json")
# Files of a model's folder that say how it was trained, or that other libraries read.
IDLE = frozenset({"data_config.json", "train_script.json", "generation_config.json"})
STEPS = (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
TRANSFORMER_SETTINGS = {
    "max_seq_length": None,  # None: any value
    "do_lower_case": False,
    "transformer_task": "feature-extraction",
    "modality_config": {
        "text": {"method": "forward", "method_output_name": "last_hidden_state"},
    },
    "module_output_name": "token_embeddings",
}
EXPECTED = {
    "model_type": "bert",
    "architectures": ["BertModel"],
    "hidden_act": "gelu",
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "dtype": "float32",
    "torch_dtype": "float32",
}


class NoRecipe(Exception):
    """The fast path cannot run this model exactly; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A BERT with mean or CLS pooling; every vector is brought to unit length."""

    folder: Path
    layers: int
    heads: int
    dimension: int
    epsilon: float
    max_tokens: int
    pooling: Pooling
    query_prompt: str
    passage_prompt: str


def read_recipe(folder: Path) -> Recipe:
    """Read the files beside the weights.  Raises: NoRecipe."""
    try:
        return _read(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise NoRecipe(f"its files cannot be read ({type(problem).__name__}: {problem})") from None


def fingerprint_of(folder: Path) -> str:
    """What decides the vectors, in 24 hex digits: weights, tokenizer, pooling, prompts, length."""
    files = {file for pattern in DECIDING for file in folder.glob(pattern)}
    parts = {
        file.relative_to(folder).as_posix(): sha256_of(file)
        for file in sorted(files)
        if file.name not in IDLE
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:24]


def _read(folder: Path) -> Recipe:
    steps = [step["type"].rpartition(".")[2] for step in _json(folder / "modules.json")]
    _require(steps in STEPS, f"its steps are {', '.join(steps)}")
    config, prompts = _json(folder / "config.json"), _prompts(folder)
    for name, wanted in EXPECTED.items():
        _require(config.get(name, wanted) in (wanted, None), f"its {name} is {config.get(name)}")
    return Recipe(
        folder=folder,
        layers=int(config["num_hidden_layers"]),
        heads=int(config["num_attention_heads"]),
        dimension=int(config["hidden_size"]),
        epsilon=float(config["layer_norm_eps"]),
        max_tokens=_max_tokens(folder, int(config["max_position_embeddings"])),
        pooling=_pooling(_json(folder / "1_Pooling" / "config.json")),
        query_prompt=prompts.get("query") or "",
        passage_prompt=prompts.get("document") or "",
    )


def _prompts(folder: Path) -> dict[str, str]:
    file = folder / "config_sentence_transformers.json"
    settings = _json(file) if file.is_file() else {}
    _require(settings.get("truncate_dim") is None, "it cuts its vectors short")
    return dict(settings.get("prompts") or {})


def _max_tokens(folder: Path, positions: int) -> int:
    settings = _json(folder / "sentence_bert_config.json")
    for name, value in settings.items():
        known = TRANSFORMER_SETTINGS.get(name, "unknown")
        _require(known is None or value == known, f"its {name} is {value}")
    tokenizer = _json(folder / "tokenizer_config.json")
    lower = _json(folder / "tokenizer.json")["normalizer"].get("lowercase")
    _require(tokenizer.get("do_lower_case", lower) == lower, "its tokenizer has two minds on case")
    tokens = int(settings.get("max_seq_length") or tokenizer["model_max_length"])
    _require(tokens <= positions, f"its texts of {tokens} tokens outgrow {positions} positions")
    return tokens


def _pooling(config: dict[str, Any]) -> Pooling:
    _require(config.get("include_prompt", True), "it leaves prompts out of the pooling")
    if "pooling_mode" in config:
        chosen = [config["pooling_mode"]]
    else:
        modes = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
        chosen = [
            modes.get(name, name) for name, on in config.items() if "pooling_mode" in name and on
        ]
    _require(chosen in (["mean"], ["cls"]), f"its pooling is {chosen}")
    return "cls" if chosen == ["cls"] else "mean"


def _require(holds: object, otherwise: str) -> None:
    if not holds:
        raise NoRecipe(otherwise)


def _json(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))
