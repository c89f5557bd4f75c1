"""The HTTP doors: the journal as an event stream, POST as commands, and one plain page.

It serves this machine only and always asks who is there. It keeps no state of its own beside a token and idempotency
keys: what a client sees is read from the store, and a client that leaves never stops a run. Every door is a router of
its own, mounted in `app.py` behind the one gate.
"""

from company.server.access.keys import load_token
from company.server.app import create_app
from company.server.serving import Server, listen, serve

__all__ = ["Server", "create_app", "listen", "load_token", "serve"]
