import asyncio
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from company.errors import UsageError
from company.store import Store
from company.store.connection import Connection
from company.store.schema import metadata
from company.store.sqlite import open_engine
from company.store.upgrade import HEAD, REVISIONS, SCRIPTS, revision_of, upgrade

OPEN = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from company.store import Store
store = Store.open(Path(sys.argv[1]), now=lambda: datetime.now(UTC))
print(store.home_id, "alembic" in sys.modules)
store.close()
"""


def opening(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", OPEN, str(path)], stdout=subprocess.PIPE, text=True)


def spoken(process: subprocess.Popen[str]) -> list[str]:
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return output.split()


def test_a_store_keeps_its_home_id(open_store):
    assert open_store().home_id == open_store().home_id
    assert len(open_store().home_id) == 32


def test_two_homes_differ(tmp_path, store, now):
    other = Store.open(tmp_path / "other.db", now=now)
    assert other.home_id != store.home_id
    other.close()


def test_the_signing_key_can_be_read_by_its_owner_only(home):
    assert stat.S_IMODE((home / "journal.key").stat().st_mode) == 0o600


def test_opening_an_up_to_date_database_does_not_import_alembic(home, store):
    assert spoken(opening(home / "state.db")) == [store.home_id, "False"]


def test_processes_that_create_the_same_database_at_once_agree(tmp_path):
    processes = [opening(tmp_path / "state.db") for _ in range(3)]
    home_ids = {spoken(process)[0] for process in processes}
    assert len(home_ids) == 1


def test_every_revision_leads_from_an_empty_file_to_the_schema(tmp_path):
    connection = Connection(open_engine(tmp_path / "state.db"))
    for revision in REVISIONS:
        upgrade(connection, revision)
        assert revision_of(connection) == revision
    context = MigrationContext.configure(connection.raw, opts={"compare_type": True})
    assert compare_metadata(context, metadata) == []
    connection.close()


def test_the_migrated_constraints_are_those_of_the_schema(tmp_path):
    migrated, made = open_engine(tmp_path / "migrated.db"), open_engine(tmp_path / "made.db")
    connection = Connection(migrated)
    upgrade(connection)
    connection.close()
    metadata.create_all(made)

    def checks(engine: sa.Engine) -> dict[str, list[tuple[str, str]]]:
        inspector = sa.inspect(engine)
        return {
            table: sorted((check["name"] or "", check["sqltext"]) for check in inspector.get_check_constraints(table))
            for table in metadata.tables
        }

    assert checks(migrated) == checks(made)


def test_the_listed_revisions_are_those_of_the_scripts():
    scripts = ScriptDirectory(str(SCRIPTS))
    assert tuple(script.revision for script in reversed(list(scripts.walk_revisions()))) == REVISIONS
    assert scripts.get_heads() == [HEAD]


def test_a_failed_migration_leaves_nothing_behind(tmp_path):
    connection = Connection(open_engine(tmp_path / "state.db"))
    connection.raw.exec_driver_sql("CREATE TABLE spending (node TEXT)")
    with pytest.raises(sa.exc.OperationalError, match="already exists"):
        upgrade(connection)
    assert sa.inspect(connection.raw).get_table_names() == ["spending"]
    connection.close()


def test_a_newer_schema_is_refused_with_a_cure(home, now):
    connection = Connection(open_engine(home / "state.db"))
    connection.raw.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(UsageError, match=r"'9999' is newer(.|\n)*→ install the newer version"):
        Store.open(home / "state.db", now=now)


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path, now):
    path = tmp_path / "state.db"
    path.write_text("a shopping list, not a database\n" * 200)
    with pytest.raises(UsageError, match="not a database"):
        Store.open(path, now=now)
    assert path.read_text().startswith("a shopping list")


def test_a_missing_folder_is_named(tmp_path, now):
    with pytest.raises(UsageError, match="nowhere"):
        Store.open(tmp_path / "nowhere" / "state.db", now=now)


def test_a_transaction_that_fails_leaves_nothing(store, failing):
    with failing(store):
        store.flags.set("stop", "fire")
    assert store.flags.get("stop") is None


def test_an_inner_transaction_that_fails_undoes_only_its_part(store, failing):
    with store.transaction():
        store.flags.set("outer", "1")
        with failing(store):
            store.flags.set("inner", "1")
        store.flags.set("after", "1")
    assert [store.flags.get(name) for name in ("outer", "inner", "after")] == ["1", None, "1"]


def test_other_processes_see_a_transaction_only_when_it_is_over(open_store):
    writer, reader = open_store(), open_store()
    with writer.transaction():
        writer.flags.set("stop", "fire")
        assert reader.flags.get("stop") is None
    assert reader.flags.get("stop") == "fire"


def test_a_writer_that_waits_too_long_is_told_why(home, store):
    impatient = Connection(open_engine(home / "state.db"))
    impatient.raw.exec_driver_sql("PRAGMA busy_timeout = 10")
    with store.transaction(), pytest.raises(UsageError, match="locked by another process"), impatient.transaction():
        pytest.fail("two writers at once")
    with impatient.transaction():
        pass
    impatient.close()


async def test_another_task_cannot_write_into_an_open_transaction(store):
    async def intruder() -> None:
        store.flags.set("stop", "fire")

    with pytest.raises(RuntimeError, match="never await inside"), store.transaction():
        await asyncio.create_task(intruder())
    assert store.flags.get("stop") is None


async def test_a_transaction_that_another_task_ends_is_still_undone(store):
    transaction = store.transaction()

    async def begin() -> None:
        transaction.__enter__()
        store.flags.set("stop", "fire")

    await asyncio.create_task(begin())
    assert not transaction.__exit__(RuntimeError, RuntimeError("cancelled"), None)
    assert store.flags.get("stop") is None
    with store.transaction():
        store.flags.set("stop", "flood")


async def test_threads_take_turns(store):
    await asyncio.gather(*(asyncio.to_thread(store.books("desk").next_number, "order") for _ in range(40)))
    assert store.books("desk").next_number("order") == 41
