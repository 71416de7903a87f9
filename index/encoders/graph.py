"""A BERT as an ONNX graph, laid straight from its safetensors; the only file that imports onnx.

Invariant: the graph holds no weights.  It names them, and whoever runs it hands them over, so that
nothing is exported, written or cached, and no torch is needed.
Source: Devlin et al., arXiv 1810.04805; the fused operators are ONNX Runtime's own
(com.microsoft: EmbedLayerNormalization, Attention, SkipLayerNormalization, BiasGelu).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.encoders.recipe import NoRecipe, Recipe

Array: TypeAlias = NDArray[np.float32]
FUSED = "com.microsoft"
OPSETS = {"": 17, FUSED: 1}
IR_VERSION = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """A serialised model and the weights that it names.

    Inputs: `ids` int32 (batch, tokens), padded on the right; `lengths` int32 (batch,).  Output: the
    last hidden state, float32 (batch, tokens, dimension); what stands behind a text's length is
    without meaning.
    """

    model: bytes
    weights: Mapping[str, Array]


def graph_of(recipe: Recipe) -> Graph:
    """Lay the graph of a model.  Raises: NoRecipe when its weights are not those of a BERT."""
    stored = _stored(recipe)
    try:
        laid = _Laid(stored=stored, epsilon=recipe.epsilon)
        last = laid.embeddings()
        for layer in range(recipe.layers):
            last = laid.layer(f"encoder.layer.{layer}.", last, recipe.heads)
    except KeyError as problem:
        raise NoRecipe(f"its weights lack {problem}") from None
    return Graph(model=_serialised(laid, last, recipe.dimension), weights=laid.weights)


@dataclass(kw_only=True)
class _Laid:
    """What has been laid so far."""

    stored: Mapping[str, Array]
    epsilon: float
    nodes: list[Any] = field(default_factory=list)
    weights: dict[str, Array] = field(default_factory=dict)

    def embeddings(self) -> str:
        """Words, places and the one kind of text that there is; normalised."""
        kind = self.stored["embeddings.token_type_embeddings.weight"][0]
        places = self.stored["embeddings.position_embeddings.weight"] + kind
        inputs = [
            "ids",
            "",
            self._kept("embeddings.word_embeddings.weight"),
            self._put("places", places),
            "",
            self._kept("embeddings.LayerNorm.weight"),
            self._kept("embeddings.LayerNorm.bias"),
        ]
        return self._fused("EmbedLayerNormalization", inputs, "embedded", epsilon=self.epsilon)

    def layer(self, name: str, text: str, heads: int) -> str:
        """Attention and feed-forward, each added to what came in and normalised."""
        three = [f"{name}attention.self.{part}" for part in ("query", "key", "value")]
        inputs = [
            text,
            self._put(f"{name}qkv", np.concatenate([self._turned(one) for one in three], axis=1)),
            self._put(f"{name}qkv.bias", np.concatenate([self.stored[f"{o}.bias"] for o in three])),
            "lengths",
        ]
        seen = self._fused("Attention", inputs, f"{name}seen", num_heads=heads)
        noted = self._added(f"{name}attention.output", seen, text)
        wide = self._times(f"{name}intermediate.dense", noted)
        bias = self._kept(f"{name}intermediate.dense.bias")
        bent = self._fused("BiasGelu", [wide, bias], f"{name}bent")
        return self._added(f"{name}output", bent, noted)

    def _added(self, name: str, text: str, before: str) -> str:
        inputs = [
            self._times(f"{name}.dense", text),
            before,
            self._kept(f"{name}.LayerNorm.weight"),
            self._kept(f"{name}.LayerNorm.bias"),
            self._kept(f"{name}.dense.bias"),
        ]
        return self._fused("SkipLayerNormalization", inputs, f"{name}.sum", epsilon=self.epsilon)

    def _times(self, name: str, text: str) -> str:
        weight = self._put(f"{name}.weight", self._turned(name))
        return self._node("MatMul", [text, weight], f"{name}.product", domain="")

    def _turned(self, name: str) -> Array:
        return np.ascontiguousarray(self.stored[f"{name}.weight"].T)

    def _kept(self, name: str) -> str:
        return self._put(name, self.stored[name])

    def _put(self, name: str, value: Array) -> str:
        self.weights[name] = value
        return name

    def _fused(self, kind: str, inputs: list[str], output: str, **settings: Any) -> str:
        return self._node(kind, inputs, output, domain=FUSED, **settings)

    def _node(self, kind: str, inputs: list[str], output: str, **settings: Any) -> str:
        from onnx import helper

        outputs = [output, ""] if kind == "EmbedLayerNormalization" else [output]
        self.nodes.append(helper.make_node(kind, inputs, outputs, **settings))
        return output


def _stored(recipe: Recipe) -> dict[str, Array]:
    from safetensors import SafetensorError, safe_open

    file = recipe.folder / "model.safetensors"
    try:
        with safe_open(str(file), framework="numpy") as opened:
            found = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as problem:
        raise NoRecipe(f"{file.name} cannot be read ({problem})") from None
    weights = {name.removeprefix("bert."): value for name, value in found.items()}
    if any(value.dtype != np.float32 for value in weights.values() if value.dtype.kind == "f"):
        raise NoRecipe("its weights are not float32")
    return weights


def _serialised(laid: _Laid, last: str, dimension: int) -> bytes:
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        laid.nodes,
        "bert",
        [
            helper.make_tensor_value_info("ids", TensorProto.INT32, ["batch", "tokens"]),
            helper.make_tensor_value_info("lengths", TensorProto.INT32, ["batch"]),
        ],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, ["batch", "tokens", dimension])],
        [_named(name, value) for name, value in laid.weights.items()],
    )
    opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
    return bytes(model.SerializeToString())


def _named(name: str, value: Array) -> Any:
    """A weight by name and shape; its bytes are handed over when the model is opened."""
    from onnx import TensorProto

    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=value.shape)
    tensor.data_location = TensorProto.EXTERNAL
    for key, said in (("location", "handed-over"), ("length", str(value.nbytes))):
        tensor.external_data.add(key=key, value=said)
    return tensor
