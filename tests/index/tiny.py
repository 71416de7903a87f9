"""Small random models, built on the spot: for what differs between models, not for meaning."""

import string
from pathlib import Path
from typing import Any, Literal

HIDDEN = 32
MAX_TOKENS = 40
PROMPTS = {"query": "query: ", "document": "passage: "}
VOCABULARY = (
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
    *string.ascii_lowercase,
    *(f"##{letter}" for letter in string.ascii_lowercase),
    *("query", "passage", "kernel", "networks", "wide", "norm", ":", ".", ","),
)


def bi_encoder(
    folder: Path,
    *,
    pooling: Literal["cls", "mean", "max"] = "cls",
    prompts: dict[str, str] | None = None,
    seed: int = 1,
) -> Path:
    """A sentence-transformers model without a Normalize step; its folder."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertModel

    base = _bert(BertModel, folder / "base", seed)
    steps = [Transformer(str(base), max_seq_length=MAX_TOKENS), Pooling(HIDDEN, pooling)]
    chosen = PROMPTS if prompts is None else prompts
    SentenceTransformer(modules=steps, prompts=chosen, device="cpu").save(str(folder / "model"))
    return folder / "model"


def cross_encoder(folder: Path, *, seed: int = 1, labels: int = 1) -> Path:
    """A cross-encoder; its folder."""
    from transformers import BertForSequenceClassification

    return _bert(BertForSequenceClassification, folder, seed, num_labels=labels)


def _bert(kind: Any, folder: Path, seed: int, **more: Any) -> Path:
    import torch
    from transformers import BertConfig, BertTokenizer

    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY))
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=HIDDEN,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.5,
        **more,
    )
    kind(config).save_pretrained(folder)
    BertTokenizer(vocab=str(folder / "vocab.txt"), model_max_length=64).save_pretrained(folder)
    return folder
