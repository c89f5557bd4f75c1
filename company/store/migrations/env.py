"""Alembic's entry: runs the scripts on the connection, and inside the transaction, that `upgrade.py` hands over."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
