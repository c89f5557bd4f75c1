"""The gate in front of a real exchange: orders pass it only after a person has said so.

What a person said, and where it is kept, is not known here; `company.home` brings the gate that asks the store.
"""

from typing import Literal, Protocol

from company.errors import VenueError

Act = Literal["order", "cancel"]


class Gate(Protocol):
    """Decides whether something leaves for an exchange with real money, and writes down that it does."""

    def require(self, venue: str, act: Act) -> object:
        """Refuse what may not leave now.

        Raises:
            VenueError: It may not; nothing was sent.
        """

    def leave(self, venue: str, act: Act, what: str, client_order_id: str) -> None:
        """Let an order or a cancellation out, if it may, and write it down before it is sent.

        Args:
            venue: The venue's name.
            act: What leaves.
            what: The same in words, for the journal.
            client_order_id: Our own id of an order; empty for a cancellation.

        Raises:
            VenueError: It may not leave; nothing was sent.
        """


class Shut:
    """Lets nothing out; what a real exchange has when nobody brings another gate."""

    def require(self, venue: str, act: Act) -> None:
        """Refuse.

        Raises:
            VenueError: Always.
        """
        raise VenueError(f"{venue} trades with real money and nobody allowed that here: the {act} was not sent")

    def leave(self, venue: str, act: Act, what: str, client_order_id: str) -> None:
        """Refuse.

        Raises:
            VenueError: Always.
        """
        self.require(venue, act)
