"""Sentences to vectors: what the memory asks of an embedder, and the one that needs no network.

all-MiniLM-L6-v2 is run from its published weights by onnxruntime, or by numpy where that is missing; both give the same
vectors. There is no stand-in when the weights are missing: hashed n-grams find no paraphrase and spoil lexical search,
so without weights the memory is lexical and says so.

It runs on one thread: the company embeds a dozen short texts a cycle, for which a thread pool costs more than it
gives, and the sums are then always added up in the same order.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from company.memory.bert import NumpyEncoder
from company.memory.onnx import OnnxEncoder
from company.memory.weights import SHA256, VOCABULARY, WEIGHTS, find_weights, verify

Vectors = NDArray[np.float32]

_LAYERS: Final = 6
_HEADS: Final = 12
_WIDTH: Final = 384
_MAX_TOKENS: Final = 256
_BATCH: Final = 200  # tokens, padding included: short texts gain from company, long ones only lose by padding
_PADDING_BIAS: Final = np.float32(-1e9)


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def id(self) -> str:
        """Model, weights and settings; vectors of different ids are never compared."""

    @property
    def local(self) -> bool:
        """Whether it works in this process: in milliseconds, asking nobody, always."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text, float32 of shape (texts, width); may be called from any thread.

        Raises:
            ProviderError: It is not local and did not answer.
        """

    def load(self) -> None:
        """Load the model now instead of at the first text."""

    def close(self) -> None:
        """Release connections, if it has any; it may be used again."""


class MiniLM:
    """all-MiniLM-L6-v2: mean-pooled BERT encoder, 384 dimensions, at most 256 tokens a text.

    Args:
        model: Folder with `model.safetensors` and `tokenizer.json`.
        proof: File that remembers which weights were verified.
    """

    id: Final = f"all-MiniLM-L6-v2@{SHA256[WEIGHTS][:8]}/fp32/mean/{_MAX_TOKENS}"
    local: Final = True

    def __init__(self, *, model: Path, proof: Path) -> None:
        self._model = model
        self._proof = proof
        self._loading = Lock()
        self._encoder: OnnxEncoder | NumpyEncoder | None = None
        self._tokenizer: Any = None

    @property
    def route(self) -> str:
        """What computes it: `onnxruntime` or `numpy`; empty before it is loaded."""
        return {OnnxEncoder: "onnxruntime", NumpyEncoder: "numpy"}.get(type(self._encoder), "")

    def load(self) -> None:
        """Verify the weights and load the encoder, once.

        Raises:
            IntegrityError: The weights are not those of the original model.
        """
        with self._loading:
            if self._encoder is None:
                verify(self._model, self._proof)
                self._tokenizer = _tokenizer(self._model / VOCABULARY)
                self._encoder = _encoder(self._model / WEIGHTS)

    def close(self) -> None:
        """Do nothing: there are no connections."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text, float32 of shape (texts, 384)."""
        vectors = np.zeros((len(texts), _WIDTH), dtype=np.float32)
        if texts:
            self.load()
        tokens = [self._tokenizer.encode(text).ids for text in texts]  # one by one: a batch would start threads
        for batch in _batches(list(map(len, tokens))):
            vectors[batch] = self._run([tokens[place] for place in batch])
        return vectors

    def _run(self, tokens: Sequence[Sequence[int]]) -> Vectors:
        assert self._encoder is not None
        ids = np.zeros((len(tokens), max(map(len, tokens))), dtype=np.int64)
        mask = np.zeros(ids.shape, dtype=np.float32)
        for row, text in enumerate(tokens):
            ids[row, : len(text)] = text
            mask[row, : len(text)] = 1
        states = self._encoder.states(ids, ((1 - mask) * _PADDING_BIAS)[:, None, None, :])
        means: Vectors = (states * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return unit(means)


def find_embedder(directory: Path, *, data: Path | None = None) -> Embedder | None:
    """Return the embedder of the weights on this machine, or None when there are none; loads nothing.

    Args:
        directory: State directory; the note that the weights were verified is kept there.
        data: The person's data directory, into which `install_embedder` unpacks weights.
    """
    model = find_weights(data)
    return None if model is None else MiniLM(model=model, proof=directory / "embedder.json")


def unit(vectors: Vectors) -> Vectors:
    """Return the vectors, one a row, at length 1."""
    scaled: Vectors = vectors / np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
    return scaled


def _encoder(weights: Path) -> OnnxEncoder | NumpyEncoder:
    try:
        return OnnxEncoder(weights, layers=_LAYERS, heads=_HEADS, hidden=_WIDTH)
    except ImportError:
        return NumpyEncoder(weights, layers=_LAYERS, heads=_HEADS, hidden=_WIDTH)


def _tokenizer(file: Path) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.enable_truncation(_MAX_TOKENS)
    tokenizer.no_padding()
    return tokenizer


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the places of texts that are embedded together: short ones of about the same length."""
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[place] > _BATCH:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch
