"""Writes the ONNX graph of a BERT sentence encoder whose weights stay in their safetensors file.

The published weights carry no ONNX file, and the `onnx` package would be a dependency for a few kilobytes of
protobuf. An ONNX model is a protobuf message; the few message types needed are written by hand. Weights are
`external_data` entries that point into the safetensors file by offset, so nothing is converted or copied and
onnxruntime maps the file as it is.

Field numbers are those of `onnx.proto` (IR version 9, operator set 20). The graph is BERT (Devlin et al. 2019,
arXiv:1810.04805) without its pooling: post-norm layers, exact GELU, learned positions, one segment.
"""

import json
import math
import os
import struct
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_IR_VERSION: Final = 9
_OPERATOR_SET: Final = 20
_FLOAT: Final = 1
_INT64: Final = 7
_EXTERNAL: Final = 1
EPSILON: Final = 1e-12
"""Of BERT's layer norms."""


class OnnxEncoder:
    """BERT's hidden states, by onnxruntime on one thread; safe to ask from several.

    Args:
        weights: The safetensors file.
        layers: Number of transformer layers.
        heads: Attention heads of a layer.
        hidden: Width of the hidden state.

    Raises:
        ImportError: onnxruntime is not installed, or not for this machine.
    """

    def __init__(self, weights: Path, *, layers: int, heads: int, hidden: int) -> None:
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # else it tells Microsoft of its use, with an id of the machine
        from onnxruntime import InferenceSession, SessionOptions  # type: ignore[import-untyped]  # it has no stubs

        options = SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors only: it warns about graphics cards it cannot find
        options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(weights.parent))
        graph = encoder_graph(weights, layers=layers, heads=heads, hidden=hidden)
        self._session: Any = InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self._heads, self._hidden = heads, hidden

    def states(self, ids: NDArray[np.int64], bias: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the last hidden states; see `NumpyEncoder.states`."""
        count, length = ids.shape
        inputs = {
            "ids": ids,
            "positions": np.arange(length, dtype=np.int64),
            "bias": bias,
            "split": np.array([count, length, self._heads, self._hidden // self._heads], dtype=np.int64),
        }
        states: NDArray[np.float32] = self._session.run(["states"], inputs)[0]
        return states.reshape(count, length, self._hidden)


def encoder_graph(weights: Path, *, layers: int, heads: int, hidden: int) -> bytes:
    """Return the serialised ONNX model of the encoder stored in `weights`.

    Inputs: `ids` int64 [batch, length]; `positions` int64 [length]; `bias` float [batch, 1, 1, length], 0 for a token
    and a large negative number for padding; `split` int64 [4] = batch, length, heads, width of a head.
    Output: `states` float [batch * length, hidden].

    Args:
        weights: The safetensors file; its name, not its folder, goes into the graph.
        layers: Number of transformer layers.
        heads: Attention heads of a layer.
        hidden: Width of the hidden state.
    """
    encoder = _Encoder(heads, hidden)
    state = encoder.embed()
    for layer in range(layers):
        state = encoder.layer(f"encoder.layer.{layer}", state)
    encoder.node("Identity", state, output="states")
    tensors = [*encoder.constants, *_external_tensors(weights, encoder.sources)]
    inputs = [
        _value("ids", _INT64, ["batch", "length"]),
        _value("positions", _INT64, ["length"]),
        _value("bias", _FLOAT, ["batch", 1, 1, "length"]),
        _value("split", _INT64, [4]),
    ]
    graph = b"".join(
        [
            *(_message(1, node) for node in encoder.nodes),
            _text(2, "encoder"),
            *(_message(5, tensor) for tensor in tensors),
            *(_message(11, value) for value in inputs),
            _message(12, _value("states", _FLOAT, ["tokens", hidden])),
        ]
    )
    return _number(1, _IR_VERSION) + _message(7, graph) + _message(8, _number(2, _OPERATOR_SET))


class _Encoder:
    """The graph's nodes and constants while it is put together; each method returns the name of its output."""

    def __init__(self, heads: int, hidden: int) -> None:
        self.nodes: list[bytes] = []
        self.sources: set[str] = set()
        self.constants = [
            _constant("first_segment", _INT64, [], struct.pack("<q", 0)),
            _constant("rows", _INT64, [2], struct.pack("<2q", -1, hidden)),
            _constant("scale", _FLOAT, [], struct.pack("<f", 1 / math.sqrt(hidden // heads))),
        ]

    def node(self, operator: str, *inputs: str, output: str = "", attributes: Sequence[bytes] = ()) -> str:
        name = output or f"{operator}_{len(self.nodes)}"
        parts = [*(_text(1, source) for source in inputs), _text(2, name), _text(3, name), _text(4, operator)]
        self.sources.update(inputs)
        self.nodes.append(b"".join([*parts, *(_message(5, attribute) for attribute in attributes)]))
        return name

    def embed(self) -> str:
        words = self.node("Gather", "embeddings.word_embeddings.weight", "ids")
        places = self.node("Gather", "embeddings.position_embeddings.weight", "positions")
        segment = self.node("Gather", "embeddings.token_type_embeddings.weight", "first_segment")
        total = self.node("Add", self.node("Add", words, places), segment)
        return self.norm("embeddings.LayerNorm", self.node("Reshape", total, "rows"))

    def layer(self, prefix: str, state: str) -> str:
        attended = self.linear(f"{prefix}.attention.output.dense", self.attend(f"{prefix}.attention.self", state))
        state = self.norm(f"{prefix}.attention.output.LayerNorm", self.node("Add", attended, state))
        inner = self.node("Gelu", self.linear(f"{prefix}.intermediate.dense", state))
        outer = self.linear(f"{prefix}.output.dense", inner)
        return self.norm(f"{prefix}.output.LayerNorm", self.node("Add", outer, state))

    def attend(self, prefix: str, state: str) -> str:
        query = self.heads(f"{prefix}.query", state, [0, 2, 1, 3])
        key = self.heads(f"{prefix}.key", state, [0, 2, 3, 1])
        value = self.heads(f"{prefix}.value", state, [0, 2, 1, 3])
        scores = self.node("Mul", self.node("MatMul", query, key), "scale")
        shares = self.node("Softmax", self.node("Add", scores, "bias"), attributes=[_integer("axis", -1)])
        mixed = self.node("MatMul", shares, value)
        return self.node("Reshape", self.transpose(mixed, [0, 2, 1, 3]), "rows")

    def heads(self, prefix: str, state: str, order: Sequence[int]) -> str:
        return self.transpose(self.node("Reshape", self.linear(prefix, state), "split"), order)

    def linear(self, prefix: str, state: str) -> str:
        # torch stores [out, in]: the matrix is read transposed
        return self.node("Gemm", state, f"{prefix}.weight", f"{prefix}.bias", attributes=[_integer("transB", 1)])

    def norm(self, prefix: str, state: str) -> str:
        attributes = [_integer("axis", -1), _real("epsilon", EPSILON)]
        return self.node("LayerNormalization", state, f"{prefix}.weight", f"{prefix}.bias", attributes=attributes)

    def transpose(self, state: str, order: Sequence[int]) -> str:
        return self.node("Transpose", state, attributes=[_integers("perm", order)])


def _external_tensors(weights: Path, wanted: Container[str]) -> Iterator[bytes]:
    """Yield a TensorProto for each wanted tensor of the file, by place instead of by value."""
    with weights.open("rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
    for name, entry in header.items():
        if name not in wanted:
            continue
        start, end = entry["data_offsets"]
        place = {"location": weights.name, "offset": str(8 + size + start), "length": str(end - start)}
        yield b"".join(
            [
                *(_number(1, extent) for extent in entry["shape"]),
                _number(2, _FLOAT),
                _text(8, name),
                *(_message(13, _text(1, key) + _text(2, value)) for key, value in place.items()),
                _number(14, _EXTERNAL),
            ]
        )


def _constant(name: str, kind: int, shape: Sequence[int], data: bytes) -> bytes:
    extents = b"".join(_number(1, extent) for extent in shape)
    return extents + _number(2, kind) + _text(8, name) + _message(9, data)


def _value(name: str, kind: int, shape: Sequence[int | str]) -> bytes:
    extents = (_number(1, extent) if isinstance(extent, int) else _text(2, extent) for extent in shape)
    dimensions = b"".join(_message(1, extent) for extent in extents)
    return _text(1, name) + _message(2, _message(1, _number(1, kind) + _message(2, dimensions)))


def _integer(name: str, value: int) -> bytes:
    return _text(1, name) + _number(3, value) + _number(20, 2)


def _integers(name: str, values: Sequence[int]) -> bytes:
    return _text(1, name) + b"".join(_number(8, value) for value in values) + _number(20, 7)


def _real(name: str, value: float) -> bytes:
    return _text(1, name) + _varint(2 << 3 | 5) + struct.pack("<f", value) + _number(20, 1)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _message(field, value.encode())


def _message(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1  # protobuf writes a negative number as its 64-bit two's complement
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
