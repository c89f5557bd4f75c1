"""What a token or session may do."""

from typing import Literal

Scope = Literal["read", "chat", "approve", "admin"]
"""`read` sees everything, `chat` starts work, `approve` decides what waits for a person, `admin` stops and starts the
company and administers access. None of them contains another."""

SCOPES: tuple[Scope, ...] = ("read", "chat", "approve", "admin")
