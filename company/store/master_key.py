"""Where the key that encrypts a home's secret store is kept, and what that protects against.

Each home has a master key of its own: 32 random bytes, never in the state directory, so no provider's key can be read
from a copied, backed-up or committed one. It is kept in the first of these that there is when the store is made:

- **Environment**, `COMPANY_MASTER_KEY`: for servers whose secrets come from an orchestrator. As safe as the environment
  of the process: its owner and root can read that while the process runs, and so can the programs it starts.
- **Keyring** of the operating system, when the `keyring` package is there and finds one of the systems' own. Protects
  also a stolen disk and a copied home directory, as far as the login password does. Programs of the same person that
  may ask the keyring can read it.
- **File** in the person's config folder, mode 0600. Protects against a copy of the state directory, other users of the
  machine, and what a tool that is held to the state directory can read. It does not protect against a copy of the
  whole home directory, a stolen disk without disk encryption, or programs that run as the same person.

None of them protects against a program that runs as the same person and may do what this one does.

Where it is kept is written in the store, so installing `keyring` later changes nothing. The variable, when set, is
taken whatever the store says. A lost master key cannot be replaced: the secrets are gone and must be set again.
"""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from company.errors import UsageError
from company.store import private_file

MASTER_KEY_VARIABLE = "COMPANY_MASTER_KEY"
SERVICE = "the-ai-company secret store"
LENGTH = 32

Kept = Literal["environment", "keyring", "file"]

_SYSTEMS = frozenset(
    f"keyring.backends.{name}" for name in ("macOS", "Windows", "SecretService", "libsecret", "kwallet")
)


class Keyring(Protocol):
    """The part of a `keyring` backend that is used."""

    def get_password(self, service: str, username: str) -> str | None: ...  # noqa: D102

    def set_password(self, service: str, username: str, password: str) -> None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class MasterKey:
    """A master key.

    Attributes:
        kept: Where it is kept.
        key: Its 32 bytes.
    """

    kept: Kept
    key: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """Tells two keys apart and says nothing else about them."""
        return hmac.digest(self.key, b"id of a master key", hashlib.sha256)[:8].hex()


def system_keyring() -> Keyring | None:
    """Return the operating system's keyring, None without the `keyring` package or when there is none to trust.

    Only the backends that `keyring` itself has for macOS, Windows and the Linux desktops count. One that drops what it
    is given, or writes it in plain, does not.
    """
    try:
        import keyring
    except ImportError:
        return None
    found = keyring.get_keyring()
    choices = getattr(found, "backends", [found])  # several at once: keyring's chainer
    return next((backend for backend in choices if type(backend).__module__ in _SYSTEMS), None)


class MasterKeys:
    """Finds or makes the master key of one home.

    Args:
        home_id: The home.
        environment: Environment of the process; `COMPANY_MASTER_KEY`, `XDG_CONFIG_HOME` and `HOME` are looked at.
        keyring: Finds the operating system's keyring.
    """

    def __init__(
        self, home_id: str, environment: Mapping[str, str], keyring: Callable[[], Keyring | None] = system_keyring
    ) -> None:
        self._home_id = home_id
        self._environment = environment
        self._keyring = keyring

    def find(self, kept: Kept) -> MasterKey | None:
        """Return the master key of a store there is, None when it is missing.

        Args:
            kept: Where the store says it is kept.

        Raises:
            UsageError: What is there cannot be used.
        """
        if given := self._given():
            return MasterKey("environment", given)
        key = self._from(kept)
        return MasterKey(kept, key) if key else None

    def make(self) -> MasterKey:
        """Return the master key for a new store, made when this home has none yet. Callers hold a lock.

        Raises:
            UsageError: What is there cannot be used, or a new key cannot be kept.
        """
        if given := self._given():
            return MasterKey("environment", given)
        kept: Kept = "keyring" if self._keyring() else "file"
        return MasterKey(kept, self._from(kept) or self._keep(kept))

    def place(self, kept: Kept) -> str:
        """Name a place to a person."""
        if kept == "file":
            return str(self._file())
        return (
            "the keyring of the operating system"
            if kept == "keyring"
            else f"the environment variable {MASTER_KEY_VARIABLE}"
        )

    def _from(self, kept: Kept) -> bytes | None:
        if kept == "file":
            text = private_file.read(self._file())
            return None if text is None else _decoded(text.decode("ascii", "replace"), str(self._file()))
        return self._from_keyring() if kept == "keyring" else None

    def _given(self) -> bytes | None:
        text = self._environment.get(MASTER_KEY_VARIABLE, "")
        return _decoded(text, f"environment variable {MASTER_KEY_VARIABLE}") if text else None

    def _from_keyring(self) -> bytes | None:
        if (keyring := self._keyring()) is None:
            raise UsageError(
                "the master key is in the operating system's keyring, and there is no keyring here",
                where=SERVICE,
                cure="pip install 'the-ai-company[keyring]' and log in to the desktop, "
                f"or set {MASTER_KEY_VARIABLE} to that key",
            )
        from keyring.errors import KeyringError

        try:
            text = keyring.get_password(SERVICE, self._home_id)
        except KeyringError as error:
            raise _unusable_keyring(error) from error
        return _decoded(text, f"keyring entry {SERVICE!r}, {self._home_id}") if text else None

    def _keep(self, kept: Kept) -> bytes:
        key = os.urandom(LENGTH)
        text = base64.b64encode(key).decode()
        if kept == "file":
            private_file.private_folder(self._file().parent)
            private_file.write(self._file(), f"{text}\n".encode())
        else:
            self._put_into_keyring(text)
        return key

    def _put_into_keyring(self, text: str) -> None:
        from keyring.errors import KeyringError

        keyring = self._keyring()
        assert keyring is not None
        try:
            keyring.set_password(SERVICE, self._home_id, text)
            if keyring.get_password(SERVICE, self._home_id) == text:
                return
        except KeyringError as error:
            raise _unusable_keyring(error) from error
        raise _unusable_keyring(None)

    def _file(self) -> Path:
        return _config_folder(self._environment) / "company" / "keys" / f"{self._home_id}.key"


def _config_folder(environment: Mapping[str, str]) -> Path:
    if (base := Path(environment.get("XDG_CONFIG_HOME", ""))).is_absolute():
        return base
    if not (home := environment.get("HOME")):
        raise UsageError(
            "there is no folder to keep the master key of the secret store in",
            where="environment XDG_CONFIG_HOME, HOME",
            cure=f"set one of them, or {MASTER_KEY_VARIABLE}",
        )
    return Path(home, ".config")


def _decoded(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip().translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != LENGTH:
        raise UsageError(
            f"the master key is not {LENGTH} bytes in base64",
            where=where,
            cure=f"restore the key this home began with; for a new home: openssl rand -base64 {LENGTH}",
        )
    return key


def _unusable_keyring(error: Exception | None) -> UsageError:
    what = f"{type(error).__name__}: {error}" if error else "it does not return what was put in"
    return UsageError(
        f"the operating system's keyring cannot be used: {what}",
        where=SERVICE,
        cure=f"unlock it and try again; or go without it: set {MASTER_KEY_VARIABLE}, "
        "or PYTHON_KEYRING_BACKEND=keyring.backends.null.Keyring for a key in a file",
    )
