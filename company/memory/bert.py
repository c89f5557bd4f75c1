"""The sentence encoder in numpy, for a machine without onnxruntime.

It reads the weights where they lie and computes what the graph of `onnx` computes, so that both give the same vectors
to 1e-5 and a memory may change between them without a new embedding. It takes ten times as long. The graph is BERT
(Devlin et al. 2019, arXiv:1810.04805) without its pooling: post-norm layers, exact GELU, learned positions, one
segment.

BLAS runs on one thread meanwhile: its threads spin while they wait, which on a busy machine takes a multiple of what
they give.
"""

import ctypes
import json
import math
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from company.memory.onnx import EPSILON

Matrix = NDArray[np.float32]

_PREFIXES: Final = ("scipy_openblas", "openblas")
_SUFFIXES: Final = ("64_", "_64", "")
_ERF: Final = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)
_ERF_SCALE: Final = 0.3275911


class NumpyEncoder:
    """BERT's hidden states, by numpy.

    Args:
        weights: The safetensors file.
        layers: Number of transformer layers.
        heads: Attention heads of a layer.
        hidden: Width of the hidden state.
    """

    def __init__(self, weights: Path, *, layers: int, heads: int, hidden: int) -> None:
        self._tensors = read_tensors(weights)
        self._layers, self._heads, self._width = layers, heads, hidden // heads

    def states(self, ids: NDArray[np.int64], bias: Matrix) -> Matrix:
        """Return the last hidden states, float32 of shape (batch, length, hidden).

        Args:
            ids: Token ids of shape (batch, length).
            bias: Added to the attention scores; shape (batch, 1, 1, length), 0 for a token, very negative for padding.
        """
        with one_thread():
            state = self._embed(ids)
            for layer in range(self._layers):
                state = self._layer(f"encoder.layer.{layer}", state, bias)
        return state

    def _embed(self, ids: NDArray[np.int64]) -> Matrix:
        words = self._tensors["embeddings.word_embeddings.weight"][ids]
        places = self._tensors["embeddings.position_embeddings.weight"][: ids.shape[1]]
        segment = self._tensors["embeddings.token_type_embeddings.weight"][0]
        return self._norm("embeddings.LayerNorm", words + places + segment)

    def _layer(self, prefix: str, state: Matrix, bias: Matrix) -> Matrix:
        attended = self._linear(
            f"{prefix}.attention.output.dense", self._attend(f"{prefix}.attention.self", state, bias)
        )
        state = self._norm(f"{prefix}.attention.output.LayerNorm", attended + state)
        inner = _gelu(self._linear(f"{prefix}.intermediate.dense", state))
        return self._norm(f"{prefix}.output.LayerNorm", self._linear(f"{prefix}.output.dense", inner) + state)

    def _attend(self, prefix: str, state: Matrix, bias: Matrix) -> Matrix:
        query, key, value = (self._split(self._linear(f"{prefix}.{part}", state)) for part in ("query", "key", "value"))
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32(math.sqrt(self._width)) + bias
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        mixed: Matrix = (shares @ value).transpose(0, 2, 1, 3)
        return mixed.reshape(state.shape)

    def _split(self, state: Matrix) -> Matrix:
        batch, length, _ = state.shape
        return state.reshape(batch, length, self._heads, self._width).transpose(0, 2, 1, 3)

    def _linear(self, prefix: str, state: Matrix) -> Matrix:
        product: Matrix = state @ self._tensors[f"{prefix}.weight"].T + self._tensors[f"{prefix}.bias"]
        return product

    def _norm(self, prefix: str, state: Matrix) -> Matrix:
        centred = state - state.mean(axis=-1, keepdims=True)
        scale = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + np.float32(EPSILON))
        normed: Matrix = centred / scale * self._tensors[f"{prefix}.weight"] + self._tensors[f"{prefix}.bias"]
        return normed


def read_tensors(weights: Path) -> Mapping[str, Matrix]:
    """Return the float32 tensors of a safetensors file by name, mapped instead of read."""
    with weights.open("rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header: dict[str, Any] = json.loads(file.read(size))
    data = np.memmap(weights, dtype=np.uint8, mode="r", offset=8 + size)
    return {
        name: data[slice(*entry["data_offsets"])].view(np.float32).reshape(entry["shape"])
        for name, entry in header.items()
        if name != "__metadata__" and entry["dtype"] == "F32"
    }


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold numpy's BLAS to one thread for the block; does nothing where it is not OpenBLAS."""
    threads = _openblas_threads()
    if threads is None:
        yield
        return
    read, set_to = threads
    before = read()
    set_to(1)
    try:
        yield
    finally:
        set_to(before)


def _gelu(state: Matrix) -> Matrix:
    half: Matrix = np.float32(0.5) * state
    return half * (1 + _erf(state * np.float32(math.sqrt(0.5))))


def _erf(values: Matrix) -> Matrix:
    """Return the error function to 1.5e-7: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26."""
    size = np.abs(values)
    inverse = 1 / (1 + np.float32(_ERF_SCALE) * size)
    series = np.zeros_like(size)
    for factor in reversed(_ERF):
        series = (series + np.float32(factor)) * inverse
    signed: Matrix = np.copysign(1 - series * np.exp(-size * size), values)
    return signed


@cache
def _openblas_threads() -> tuple[Any, Any] | None:
    """Return OpenBLAS's functions that read and set its number of threads, as far as numpy brought it along."""
    folder = Path(np.__file__).parent
    for library in sorted([*folder.with_name("numpy.libs").glob("*openblas*"), *folder.glob(".dylibs/*openblas*")]):
        loaded = ctypes.CDLL(str(library))
        for prefix in _PREFIXES:
            for suffix in _SUFFIXES:
                read = getattr(loaded, f"{prefix}_get_num_threads{suffix}", None)
                set_to = getattr(loaded, f"{prefix}_set_num_threads{suffix}", None)
                if read is not None and set_to is not None:
                    return read, set_to
    return None
