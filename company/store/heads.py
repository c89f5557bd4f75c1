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
from company.store import private_file
from company.store.schema import encode, moment_text

KEY_FILE = "journal.key"
HEADS_FILE = "journal.heads"
LONGEST_LINE = 4096
"""More bytes than a head takes: a torn line is shorter."""


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
    return _public(_private_key(path, _key_bytes(path)))


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
        self._signer: tuple[bytes, Ed25519PrivateKey] | None = None

    def sign(self, seq: int, digest: str, at: datetime) -> Head:
        """Sign a head and append it to the file; `flush` puts it on the disk.

        Raises:
            IntegrityError: The signing key is missing, unreadable or another one.
        """
        key = self._own_key(seq)
        signature = key.sign(_statement(seq, digest, at)).hex()
        head = Head(seq, digest, at, signature)
        self._append(head.line())
        return head

    def seal(self, statement: bytes) -> str:
        """Return the key's signature of something that is no head, hex.

        Raises:
            IntegrityError: The signing key is missing, unreadable or another one.
        """
        return self._own_key(0).sign(statement).hex()

    def is_sealed(self, statement: bytes, signature: str) -> bool:
        """Tell whether a signature is this journal's own."""
        return self._verifies(statement, signature)

    def flush(self) -> None:
        """Force what was appended onto the disk; takes as long as the disk does, so no lock should be held."""
        with self._file.open("rb") as file:
            os.fsync(file.fileno())

    def _own_key(self, seq: int) -> Ed25519PrivateKey:
        """Return the signing key; the file is read each time, but decoded and held to its twin only when it changed."""
        written = _key_bytes(self._key)
        if self._signer is None or self._signer[0] != written:
            key = _private_key(self._key, written)
            if _public(key) != self._public_key:
                what = f"{self._key} is not the key this journal began with"
                raise IntegrityError(f"{what}: restore it to sign seq {seq}" if seq else f"{what}: restore it")
            self._signer = written, key
        return self._signer[1]

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
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - LONGEST_LINE, 0))
            tail = file.read()  # the end only: the file grows with every run
            file.seek(tail.rfind(b"\n") + 1 - len(tail), os.SEEK_END)
            file.truncate()
            file.write(line.encode() + b"\n")

    def _is_genuine(self, head: Head) -> bool:
        return self._verifies(_statement(head.seq, head.hash, head.at), head.signature)

    def _verifies(self, statement: bytes, signature: str) -> bool:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self._public_key))
        try:
            public.verify(bytes.fromhex(signature), statement)
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
    private_file.write(path, pem)


def _key_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> IntegrityError:
    return IntegrityError(f"{path} cannot be read ({error}): restore it, it signs the journal's heads")


def _private_key(path: Path, written: bytes) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(written, password=None)
    except ValueError as error:
        raise _unreadable(path, error) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise IntegrityError(f"{path} is not an Ed25519 key: restore it, it signs the journal's heads")
    return key


def _public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw).hex()
