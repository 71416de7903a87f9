"""A BERT as an ONNX graph, laid straight from its safetensors; the only file that imports onnx.

Invariant: the graph holds no weights.  It names them, and whoever runs it hands them over, so that
nothing is exported, written or cached, and no torch is needed.
Source: Devlin et al., arXiv 1810.04805; the fused operators are ONNX Runtime's own (com.microsoft:
EmbedLayerNormalization, MultiHeadAttention, SkipLayerNormalization, BiasGelu, MatMulNBits).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from index.encoders.recipe import NoRecipe, Recipe

Array: TypeAlias = NDArray[np.float32]
Bytes: TypeAlias = NDArray[np.uint8]
Precision: TypeAlias = Literal["float32", "int8"]
BLOCK = 32
"""So many weights that one output is made of share a scale in int8."""
ZERO = 128
INT8_PRODUCTS = 4  # MatMulNBits: what is multiplied is brought to int8 too, by blocks
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
    weights: Mapping[str, Array | Bytes]


def graph_of(recipe: Recipe, precision: Precision = "float32") -> Graph:
    """Lay the graph of a model.

    precision: of the weights that texts are multiplied with.
    Raises: NoRecipe when its weights are not those of a BERT.
    """
    stored = _stored(recipe)
    try:
        laid = _Laid(stored=stored, epsilon=recipe.epsilon, precision=precision)
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
    precision: Precision
    nodes: list[Any] = field(default_factory=list)
    weights: dict[str, Array | Bytes] = field(default_factory=dict)

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
            *(self._times(one, text) for one in three),
            self._put(f"{name}qkv.bias", np.concatenate([self.stored[f"{o}.bias"] for o in three])),
            "lengths",
        ]
        seen = self._fused("MultiHeadAttention", inputs, f"{name}seen", num_heads=heads)
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
        rows = self.stored[f"{name}.weight"]
        if self.precision == "float32" or rows.shape[1] % BLOCK:
            weight = self._put(f"{name}.weight", np.ascontiguousarray(rows.T))
            return self._node("MatMul", [text, weight], f"{name}.product", domain="")
        whole, scales = _in_blocks(rows)
        return self._fused(
            "MatMulNBits",
            [text, self._put(f"{name}.whole", whole), self._put(f"{name}.scales", scales)],
            f"{name}.product",
            N=rows.shape[0],
            K=rows.shape[1],
            bits=8,
            block_size=BLOCK,
            accuracy_level=INT8_PRODUCTS,
        )

    def _kept(self, name: str) -> str:
        return self._put(name, self.stored[name])

    def _put(self, name: str, value: Array | Bytes) -> str:
        self.weights[name] = value
        return name

    def _fused(self, kind: str, inputs: list[str], output: str, **settings: Any) -> str:
        return self._node(kind, inputs, output, domain=FUSED, **settings)

    def _node(self, kind: str, inputs: list[str], output: str, **settings: Any) -> str:
        from onnx import helper

        outputs = [output, ""] if kind == "EmbedLayerNormalization" else [output]
        self.nodes.append(helper.make_node(kind, inputs, outputs, **settings))
        return output


def _in_blocks(rows: Array) -> tuple[Bytes, Array]:
    """Weights as whole numbers around `ZERO`, and the scale of each block of a row."""
    blocks = rows.reshape(len(rows), -1, BLOCK)
    scales = np.abs(blocks).max(axis=2) / (ZERO - 1)
    scales[scales == 0] = 1
    whole = np.round(blocks / scales[:, :, None]) + ZERO
    return np.ascontiguousarray(whole, dtype=np.uint8), np.ascontiguousarray(scales)


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


def _named(name: str, value: Array | Bytes) -> Any:
    """A weight by name and shape; its bytes are handed over when the model is opened."""
    from onnx import TensorProto, helper

    kind = helper.np_dtype_to_tensor_dtype(value.dtype)
    tensor = TensorProto(name=name, data_type=kind, dims=value.shape)
    tensor.data_location = TensorProto.EXTERNAL
    for key, said in (("location", "handed-over"), ("length", str(value.nbytes))):
        tensor.external_data.add(key=key, value=said)
    return tensor
