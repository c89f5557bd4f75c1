"""Signed heads: the journal's seal, kept outside the database.

When a run ends, the last row's seq and hash are signed (Ed25519) and appended to `journal.heads`. Whoever rewrites or
cuts the journal afterwards contradicts a signature. The database in turn lists the signatures it made, so a head
removed from the file is missed. What no program on the same machine can prove: that nobody who may read `journal.key`
rewrote everything. For that, keep a copy of `journal.heads` elsewhere.
"""

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from company.errors import IntegrityError
from company.store.schema import encode, moment_text

KEY_FILE = "journal.key"
HEADS_FILE = "journal.heads"


@dataclass(frozen=True, slots=True)
class Head:
    """A signed statement: row `seq` of the journal has this hash.

    Attributes:
        seq: The journal's last row when it was signed.
        hash: That row's hash, hex.
        at: Time of signing, UTC.
        signature: Ed25519 over the other three as canonical JSON, hex.
    """

    seq: int
    hash: str
    at: datetime
    signature: str

    def line(self) -> str:
        """Return the head as it stands in the file."""
        return encode({"seq": self.seq, "hash": self.hash, "at": moment_text(self.at), "signature": self.signature})


def public_key_of(directory: Path) -> str:
    """Return the public key of the directory's signing key in hex; makes the key (mode 0600) when there is none."""
    path = directory / KEY_FILE
    if not path.exists():
        _write_key(path)
    return _public(_private_key(path))


class Heads:
    """The file of signed heads.

    Args:
        directory: Where `journal.key` and `journal.heads` lie, beside the database.
        public_key: The key every signature must belong to, hex, as the database remembers it.
    """

    def __init__(self, directory: Path, public_key: str) -> None:
        self._key = directory / KEY_FILE
        self._file = directory / HEADS_FILE
        self._public_key = public_key

    def sign(self, seq: int, digest: str, at: datetime) -> Head:
        """Sign a head and append it to the file; on return it is on the disk.

        Raises:
            IntegrityError: The signing key is missing, unreadable or another one.
        """
        key = _private_key(self._key)
        if _public(key) != self._public_key:
            raise IntegrityError(f"{self._key} is not the key this journal began with: restore it to sign seq {seq}")
        signature = key.sign(_statement(seq, digest, at)).hex()
        head = Head(seq, digest, at, signature)
        self._append(head.line())
        return head

    def read(self) -> tuple[list[Head], list[str]]:
        """Return the genuine heads of the file in its order, and what is wrong with the others."""
        heads: list[Head] = []
        problems: list[str] = []
        for number, line in enumerate(self._lines(), start=1):
            head = _parsed(line)
            if head is not None and self._is_genuine(head):
                heads.append(head)
                continue
            place = f"head of seq {head.seq}" if head else f"head after seq {heads[-1].seq if heads else 0}"
            problems.append(f"{place}: line {number} of {HEADS_FILE} was forged or damaged")
        return heads, problems

    def _lines(self) -> list[bytes]:
        """Lines that were written completely; a torn last one was never promised to anybody."""
        content = self._file.read_bytes() if self._file.exists() else b""
        return content.split(b"\n")[:-1]

    def _append(self, line: str) -> None:
        complete = sum(len(whole) + 1 for whole in self._lines())
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.truncate(complete)
            file.seek(complete)
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _is_genuine(self, head: Head) -> bool:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self._public_key))
        try:
            public.verify(bytes.fromhex(head.signature), _statement(head.seq, head.hash, head.at))
        except (InvalidSignature, ValueError):
            return False
        return True


def _statement(seq: int, digest: str, at: datetime) -> bytes:
    return encode({"seq": seq, "hash": digest, "at": moment_text(at)}).encode()


def _parsed(line: bytes) -> Head | None:
    """The head on a line, None when it is not written exactly as `Head.line` writes."""
    try:
        fields: dict[str, Any] = json.loads(line)
        head = Head(**{**fields, "at": datetime.fromisoformat(fields["at"])})
        return head if head.line().encode() == line else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _write_key(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _private_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise IntegrityError(f"{path} cannot be read ({error}): restore it, it signs the journal's heads") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise IntegrityError(f"{path} is not an Ed25519 key: restore it, it signs the journal's heads")
    return key


def _public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw).hex()
