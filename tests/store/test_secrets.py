"""The secret store: what is kept, where its master key lies, and that an unreadable store is never an empty one."""

import base64
import builtins
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import keyring.backends.chainer
import keyring.backends.fail
import keyring.backends.null
import keyring.backends.SecretService
import keyring.core
import keyring.errors
import pytest

from company.config import ProviderSettings, Settings
from company.errors import UsageError
from company.ports import Secrets
from company.store import ProviderKeys, SecretStore
from company.store.master_key import MASTER_KEY_VARIABLE, system_keyring

KEY = "sk-proj-Ab3_dE6-gH9jKlMnOpQr"
OTHER = "sk-ant-zYxWvUtSrQpOnMlKjIhG"
MASTER = base64.b64encode(bytes(range(32))).decode()


class MemoryKeyring:
    """A keyring in memory; `locked` makes it refuse, `forgetful` makes it drop what it is given."""

    def __init__(self, *, locked: bool = False, forgetful: bool = False) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        self.locked, self.forgetful = locked, forgetful

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise keyring.errors.KeyringLocked("locked by its owner")
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.locked:
            raise keyring.errors.KeyringLocked("locked by its owner")
        if not self.forgetful:
            self.entries[service, username] = password


class Place:
    """A state directory and a person's home, on which secret stores are opened."""

    def __init__(self, root: Path, now: Any) -> None:
        self.state, self.person, self._now = root / "state", root / "person", now
        self.state.mkdir()
        self.file = self.state / "secrets.json"

    @property
    def key_file(self) -> Path:
        return self.person / ".config" / "company" / "keys" / "home-1.key"

    def open(
        self,
        environment: Mapping[str, str] | None = None,
        *,
        home_id: str = "home-1",
        ring: MemoryKeyring | None = None,
    ) -> SecretStore:
        known = {"HOME": str(self.person), **(environment or {})}
        return SecretStore(self.state, home_id=home_id, environment=known, now=self._now, keyring=lambda: ring)

    def document(self) -> dict[str, Any]:
        return json.loads(self.file.read_text())


@pytest.fixture
def place(tmp_path: Path, now: Any) -> Place:
    return Place(tmp_path, now)


@pytest.fixture
def filled(place: Place) -> Place:
    place.open().set("provider:openai", KEY)
    return place


def refused(call: Callable[[], object]) -> str:
    """What a refused call tells the person: all of it, with where and cure."""
    with pytest.raises(UsageError) as caught:
        call()
    assert caught.value.where
    assert caught.value.cure
    return str(caught.value)


# What is kept


def test_a_secret_comes_back_as_it_was_set(place) -> None:
    store: Secrets = place.open()
    place.open().set("provider:openai", KEY)
    assert store.get("provider:openai") == KEY
    assert store.get("provider:anthropic") is None


def test_a_store_that_was_never_written_is_empty_and_makes_no_file(place) -> None:
    assert place.open().get("x") is None
    assert place.open().names() == []
    assert not place.open().remove("x")
    assert not place.file.exists()
    assert not place.person.exists()


def test_a_secret_with_any_letters_and_length_comes_back(place) -> None:
    value = "-----BEGIN KEY-----\nüñ" + "x" * 5000
    place.open().set("venue", value)
    assert place.open().get("venue") == value


def test_setting_again_replaces_value_and_date(place, now) -> None:
    place.open().set("a", KEY)
    now.tick(60)
    place.open().set("a", OTHER)
    place.open().set("0", KEY)
    assert place.open().get("a") == OTHER
    assert place.open().names() == [("0", now()), ("a", now())]
    assert now().utcoffset() == timedelta(0)


def test_removing_tells_whether_there_was_something(filled) -> None:
    assert filled.open().remove("provider:openai")
    assert not filled.open().remove("provider:openai")
    assert filled.open().get("provider:openai") is None


def test_a_store_sees_what_another_process_changed(place) -> None:
    reader, writer = place.open(), place.open()
    assert reader.get("a") is None
    writer.set("a", KEY)
    assert reader.get("a") == KEY
    writer.remove("a")
    assert reader.get("a") is None


def test_values_are_the_same_object_until_something_changes(filled) -> None:
    store = filled.open()
    before = store.values()
    assert store.values() is before
    filled.open().set("b", OTHER)
    assert store.values() == {"provider:openai": KEY, "b": OTHER}


def test_changes_at_the_same_time_do_not_lose_each_other(place) -> None:
    names = [f"name-{number}" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: place.open().set(name, KEY + name), names))
    assert place.open().values() == {name: KEY + name for name in names}


@pytest.mark.parametrize("value", ["", "hunter2", "\ud800" * 8])
def test_a_value_that_could_not_be_redacted_is_refused(place, value: str) -> None:
    message = refused(lambda: place.open().set("a", value))
    assert not value or value not in message
    assert not place.file.exists()


# What the disk shows


def test_neither_the_file_nor_an_object_shows_a_value(filled) -> None:
    store = filled.open()
    store.get("provider:openai")
    assert KEY not in filled.file.read_text()
    assert KEY not in repr(store) + repr(store._opened.master if store._opened else "")
    assert filled.key_file.read_text().strip() not in repr(store._opened and store._opened.master)


def test_equal_values_look_different_and_the_same_value_again_too(place) -> None:
    store = place.open()
    store.set("a", KEY)
    first = place.document()["secrets"]["a"]["sealed"]
    store.set("a", KEY)
    store.set("b", KEY)
    rows = place.document()["secrets"]
    assert len({first, rows["a"]["sealed"], rows["b"]["sealed"]}) == 3


def test_files_are_for_their_owner_only(filled) -> None:
    files = [filled.file, filled.state / "secrets.lock", filled.key_file]
    assert [oct(path.stat().st_mode & 0o777) for path in files] == ["0o600"] * 3
    folders = [filled.key_file.parent, filled.key_file.parent.parent]
    assert [oct(path.stat().st_mode & 0o777) for path in folders] == ["0o700"] * 2


def test_the_state_directory_holds_no_master_key(filled) -> None:
    master = base64.b64decode(filled.key_file.read_text())
    spellings = [master, master.hex().encode(), base64.b64encode(master)]
    content = b"".join(path.read_bytes() for path in filled.state.iterdir())
    assert not any(spelling in content for spelling in spellings)


def test_a_write_that_fails_leaves_the_store_as_it_was(filled, monkeypatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert "No space left" in refused(lambda: filled.open().set("b", OTHER))
    monkeypatch.undo()
    assert filled.open().values() == {"provider:openai": KEY}
    filled.open().set("b", OTHER)
    assert filled.open().get("b") == OTHER


# An unreadable store is never an empty one


def damage_nothing_left(document: dict[str, Any]) -> str:
    return ""


def damage_half(document: dict[str, Any]) -> str:
    return json.dumps(document)[:150]


def damage_row_removed(document: dict[str, Any]) -> str:
    document["secrets"].pop("b")
    return json.dumps(document)


def damage_rows_swapped(document: dict[str, Any]) -> str:
    rows = document["secrets"]
    rows["a"], rows["b"] = rows["b"], rows["a"]
    return json.dumps(document)


def damage_date(document: dict[str, Any]) -> str:
    document["secrets"]["a"]["set_at"] = "2020-01-01T00:00:00.000000+00:00"
    return json.dumps(document)


def damage_seal(document: dict[str, Any]) -> str:
    return json.dumps({**document, "seal": document["seal"][:-8] + "AAAAAAA="})


def damage_types(document: dict[str, Any]) -> str:
    return json.dumps({**document, "secrets": {"a": [1, 2]}})


def damage_kept(document: dict[str, Any]) -> str:
    return json.dumps({**document, "kept": "under the doormat"})


def damage_format(document: dict[str, Any]) -> str:
    return json.dumps({**document, "format": 2})


def damage_master(document: dict[str, Any]) -> str:
    return json.dumps({key: value for key, value in document.items() if key != "master"})


def damage_not_text(document: dict[str, Any]) -> bytes:
    return b"\xff\xfe\x00garbage"


def damage_list(document: dict[str, Any]) -> str:
    return "[]"


@pytest.mark.parametrize(
    "damage", [call for name, call in sorted(globals().items()) if name.startswith("damage_")], ids=lambda c: c.__name__
)
def test_a_damaged_store_is_refused_by_every_question_and_left_as_it_is(place, damage) -> None:
    for name in "ab":
        place.open().set(name, KEY + name)
    content = damage(place.document())
    place.file.write_bytes(content if isinstance(content, bytes) else content.encode())
    for ask in (
        lambda: place.open().get("a"),
        lambda: place.open().names(),
        lambda: place.open().set("a", OTHER),
        lambda: place.open().remove("a"),
    ):
        message = refused(ask)
        assert str(place.file) in message
        assert "damaged" in message
        assert KEY not in message
    assert place.file.read_bytes() == (content if isinstance(content, bytes) else content.encode())


def test_each_sealed_value_is_bound_to_its_name_and_home_and_to_its_key(place) -> None:
    from company.store.master_key import MasterKey
    from company.store.sealed_table import SealedTable

    place.open().set("a", KEY)
    master = MasterKey("file", base64.b64decode(place.key_file.read_text()))
    table = SealedTable.parse(place.file.read_bytes())
    renamed = SealedTable(table.home, table.kept, table.master, {"b": table.rows["a"]})
    moved = SealedTable("home-2", table.kept, table.master, table.rows)
    for forged in (renamed, moved):
        resealed = forged.including("c", OTHER, place.open()._now(), master)  # an honest seal over a forged table
        with pytest.raises(ValueError, match="seal is broken"):
            resealed.values(master)
    assert table.values(master) == {"a": KEY}


def test_a_store_of_another_home_is_refused(filled) -> None:
    message = refused(lambda: filled.open(home_id="home-2").get("provider:openai"))
    assert "'home-1'" in message
    assert "'home-2'" in message


def test_a_lost_master_key_is_no_empty_store_and_no_new_key(filled) -> None:
    filled.key_file.unlink()
    for ask in (lambda: filled.open().names(), lambda: filled.open().set("a", OTHER)):
        message = refused(ask)
        assert str(filled.key_file) in message
        assert "missing" in message
    assert not filled.key_file.exists()


def test_another_master_key_is_told_from_damage(filled) -> None:
    filled.key_file.write_text(MASTER)
    message = refused(lambda: filled.open().names())
    assert "was encrypted with master key" in message
    assert str(filled.key_file) in message
    assert MASTER not in message


@pytest.mark.parametrize("content", ["", "AAAA", "no base64 at all!", "ü" * 44])
def test_a_broken_master_key_file_is_named(filled, content: str) -> None:
    filled.key_file.write_text(content)
    message = refused(lambda: filled.open().names())
    assert str(filled.key_file) in message
    assert "32 bytes" in message


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_files_that_others_may_open_are_refused(filled, mode: int) -> None:
    for path in (filled.file, filled.key_file):
        path.chmod(mode)
        message = refused(lambda: filled.open().names())
        assert f"chmod 600 '{path}'" in message
        path.chmod(0o600)
    assert filled.open().get("provider:openai") == KEY


def test_a_key_folder_that_others_may_enter_is_refused(place) -> None:
    place.key_file.parent.mkdir(parents=True)
    place.key_file.parent.chmod(0o755)
    assert f"chmod 700 '{place.key_file.parent}'" in refused(lambda: place.open().set("a", KEY))


# Where the master key is kept


def test_the_config_folder_of_the_environment_is_used(place) -> None:
    config = place.person / "elsewhere"
    place.open({"XDG_CONFIG_HOME": str(config)}).set("a", KEY)
    assert (config / "company" / "keys" / "home-1.key").is_file()
    assert place.open({"XDG_CONFIG_HOME": str(config)}).get("a") == KEY


def test_without_any_home_directory_the_person_is_told_what_to_set(place) -> None:
    message = refused(lambda: place.open({"HOME": ""}).set("a", KEY))
    assert MASTER_KEY_VARIABLE in message


@pytest.mark.parametrize(
    "spelling", [MASTER, MASTER.rstrip(), f" {MASTER}\n", MASTER.replace("+", "-").replace("/", "_")]
)
def test_the_master_key_of_the_environment_needs_no_home_directory(place, spelling: str) -> None:
    place.open({MASTER_KEY_VARIABLE: spelling, "HOME": ""}).set("a", KEY)
    assert place.open({MASTER_KEY_VARIABLE: MASTER, "HOME": ""}).get("a") == KEY
    assert place.open({MASTER_KEY_VARIABLE: MASTER}).master_place() == f"the environment variable {MASTER_KEY_VARIABLE}"
    assert not place.person.exists()


def test_without_the_variable_it_began_with_the_store_is_refused(place) -> None:
    place.open({MASTER_KEY_VARIABLE: MASTER}).set("a", KEY)
    assert MASTER_KEY_VARIABLE in refused(lambda: place.open().get("a"))


def test_a_variable_that_is_no_key_is_refused_and_not_repeated(place) -> None:
    message = refused(lambda: place.open({MASTER_KEY_VARIABLE: "correct horse battery"}).set("a", KEY))
    assert MASTER_KEY_VARIABLE in message
    assert "horse" not in message


def test_the_variable_may_carry_the_key_that_was_in_the_file(filled) -> None:
    text = filled.key_file.read_text()
    shutil.rmtree(filled.person)
    moved = filled.open({MASTER_KEY_VARIABLE: text})
    moved.set("b", OTHER)
    assert moved.values() == {"provider:openai": KEY, "b": OTHER}


def test_a_keyring_is_taken_before_a_file(place) -> None:
    ring = MemoryKeyring()
    place.open(ring=ring).set("a", KEY)
    assert place.open(ring=ring).get("a") == KEY
    assert [name for _, name in ring.entries] == ["home-1"]
    assert not place.person.exists()


def test_a_keyring_that_is_gone_is_named(place) -> None:
    place.open(ring=MemoryKeyring()).set("a", KEY)
    assert "keyring" in refused(lambda: place.open().get("a"))
    assert "missing" in refused(lambda: place.open(ring=MemoryKeyring()).get("a"))


def test_a_keyring_that_comes_later_changes_nothing(filled) -> None:
    ring = MemoryKeyring()
    filled.open(ring=ring).set("b", OTHER)
    assert filled.open(ring=ring).get("provider:openai") == KEY
    assert ring.entries == {}


@pytest.mark.parametrize(
    "ring", [MemoryKeyring(locked=True), MemoryKeyring(forgetful=True)], ids=["locked", "forgetful"]
)
def test_a_keyring_that_does_not_keep_the_key_is_refused(place, ring) -> None:
    assert "keyring" in refused(lambda: place.open(ring=ring).set("a", KEY))
    assert not place.file.exists()


@pytest.fixture
def use_keyring() -> Iterator[Callable[[Any], None]]:
    before = keyring.core._keyring_backend
    yield keyring.core.set_keyring
    keyring.core._keyring_backend = before


class PlainTextKeyring(keyring.backends.null.Keyring):
    """What a third party may install: it writes passwords to a file as they are."""


@pytest.mark.parametrize(
    "backend",
    [keyring.backends.fail.Keyring, keyring.backends.null.Keyring, PlainTextKeyring],
    ids=lambda b: b.__name__,
)
def test_a_keyring_that_is_none_of_the_systems_own_does_not_count(use_keyring, backend) -> None:
    use_keyring(backend())
    assert system_keyring() is None


def test_the_systems_own_keyring_counts_also_among_several(use_keyring, monkeypatch) -> None:
    own = keyring.backends.SecretService.Keyring()
    use_keyring(own)
    assert system_keyring() is own
    chain = keyring.backends.chainer.ChainerBackend()
    monkeypatch.setattr(type(chain), "backends", [PlainTextKeyring(), own])
    use_keyring(chain)
    assert system_keyring() is own


def test_without_the_keyring_package_there_is_none(monkeypatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "keyring":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    assert system_keyring() is None


# Keys of providers

PROVIDERS = Settings().providers


def test_the_environment_comes_before_the_secret_store(filled) -> None:
    keys = ProviderKeys({"OPENAI_API_KEY": OTHER}, PROVIDERS, filled.open())
    assert (keys.get("openai"), keys.origin("openai")) == (OTHER, "environment")
    keys = ProviderKeys({}, PROVIDERS, filled.open())
    assert (keys.get("openai"), keys.origin("openai")) == (KEY, "secret store")
    assert (keys.get("anthropic"), keys.origin("anthropic")) == (None, None)


def test_a_provider_may_name_its_own_variable(place) -> None:
    provider = ProviderSettings(kind="openai", key_env="WORK_KEY")
    assert ProviderKeys({"WORK_KEY": KEY}, {"work": provider}, place.open()).get("work") == KEY


def test_white_space_around_a_key_is_no_part_of_it(place) -> None:
    keys = ProviderKeys({"OPENAI_API_KEY": f"  {KEY}\r\n"}, PROVIDERS, place.open())
    assert keys.get("openai") == KEY
    assert keys.values() == {"OPENAI_API_KEY": KEY}


def test_an_empty_variable_is_not_set(filled) -> None:
    keys = ProviderKeys({"OPENAI_API_KEY": ""}, PROVIDERS, filled.open())
    assert (keys.get("openai"), keys.origin("openai")) == (KEY, "secret store")


@pytest.mark.parametrize(
    ("key", "what"),
    [
        (" \n ", "blank"),
        ("sk-abc defghij", "white space at character 7"),
        ("sk-abcdefg\nsk-hij", "white space"),
        ("sk-abc\u200bdefghij", "outside ASCII"),
        ("“sk-abcdefghij”", "outside ASCII"),
        ("sk-abc\x00defghij", "a control character"),
    ],
)
def test_a_key_that_was_pasted_badly_is_refused_and_not_repeated(place, key: str, what: str) -> None:
    message = refused(lambda: ProviderKeys({"OPENAI_API_KEY": key}, PROVIDERS, place.open()).get("openai"))
    assert what in message
    assert "OPENAI_API_KEY" in message
    assert "defghij" not in message


def test_the_secret_store_is_not_read_before_it_is_needed(filled) -> None:
    filled.file.write_text("damaged")
    keys = ProviderKeys({"OPENAI_API_KEY": OTHER}, PROVIDERS, filled.open())
    assert keys.get("openai") == OTHER
    assert "damaged" in refused(lambda: keys.get("anthropic"))
