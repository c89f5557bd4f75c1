"""One-time addresses that log a browser in.

The code stands in the fragment, which browsers never send: it appears in no log of a server or a proxy. This module
needs no web framework, for `company login`.
"""

from datetime import timedelta

from company.server.access.scopes import SCOPES
from company.store import Access

CODE_LASTS = timedelta(minutes=15)
"""How long a one-time code opens a session."""


def login_address(access: Access, public: str, person: str) -> str:
    """Return a fresh address that logs a browser in once, as `person` with all scopes.

    Args:
        access: The home's credentials.
        public: The address people use.
        person: Who it is for.
    """
    code = access.make("login", person=person, scopes=SCOPES, lasts=CODE_LASTS).secret
    return f"{public}/#t={code}"
