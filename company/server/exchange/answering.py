"""From a request to its answer: limits, who asks, what is asked, done once, in a commit when it changes something."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from company.errors import UsageError, VenueError
from company.server.exchange import errors, private, public, signing
from company.server.exchange.accounts import Account, Accounts
from company.server.exchange.call import Call, Endpoint
from company.server.exchange.commits import Commits
from company.server.exchange.empties import EMPTIES
from company.server.exchange.errors import Refused
from company.server.exchange.http import Request
from company.server.exchange.parameters import KINDS, Pairs, pairs_of, read
from company.server.exchange.replays import Replays
from company.server.exchange.venues import Served
from company.server.exchange.weights import Meter

_SPOT: Final = "api/v3/"
_ALREADY: Final = {"DELETE": errors.not_canceled, "POST": lambda: errors.rejected(errors.DUPLICATE)}


class Answers:
    """Answers requests.

    Args:
        venues: The venues by the letter in their path.
        accounts: Who may trade.
        commits: Where what changes something is done.
        replays: Remembers what was done.
        wall: Wall time in epoch milliseconds.
    """

    def __init__(
        self,
        venues: Mapping[str, Served],
        *,
        accounts: Accounts,
        commits: Commits,
        replays: Replays,
        wall: Callable[[], int],
    ) -> None:
        self.venues, self.wall, self.meter = venues, wall, Meter(wall)
        self._accounts, self._commits, self._replays = accounts, commits, replays

    async def answer(self, request: Request, headers: dict[str, str]) -> Any:
        """Return the body that answers a REST request.

        Args:
            request: The request.
            headers: Gets the headers of the answer, whatever becomes of it.

        Raises:
            Refused: It is not done.
        """
        venue, path = self._place(request.path)
        if path in EMPTIES and request.method == "GET":
            return EMPTIES[path]
        endpoint = _endpoint(request.method, path)
        pairs = pairs_of(request.query) + pairs_of(request.body)
        headers.update(self.meter.weigh(request.client, endpoint.weighs(dict(pairs))))
        if not endpoint.signed:
            values = read(pairs, endpoint.mandatory, endpoint.optional)
            return await self.carry_out(endpoint, Call(venue, values, self.wall(), venue.present()))
        account = self.account(request.key)
        signed, signature = _signed(pairs, request)
        self.verify(account, pairs, signed, signature)
        if endpoint.orders:
            headers.update(self.meter.order(account.name))
        values = read(pairs, endpoint.mandatory, endpoint.optional)
        call = Call(venue, values, self.wall(), venue.present(), account.name, signature)
        return await self.carry_out(endpoint, call, already=_ALREADY.get(request.method, errors.unknown_failure))

    def account(self, key: str | None) -> Account:
        """Return the account that a key opens.

        Raises:
            Refused: -2014 or -2015.
        """
        account = self._accounts.find(signing.key_of(key))
        if account is None:
            raise signing.unknown_key()
        return account

    def verify(self, account: Account, pairs: Pairs, signed: bytes, signature: str) -> None:
        """Pass a request that its account signed lately.

        Raises:
            Refused: -1102, -1100, -1021, -1131 or -1022.
        """
        sent = dict(pairs)
        times = {name: KINDS[name].value(name, sent[name]) for name in ("timestamp", "recvWindow") if sent.get(name)}
        if "timestamp" not in times:
            raise errors.missing("timestamp")
        signing.check_time(times, self.wall())
        signing.verify(account.secret, signed, signature)

    async def carry_out(
        self, endpoint: Endpoint, call: Call, already: Callable[[], Refused] = errors.unknown_failure
    ) -> Any:
        """Do what is asked and return the answer; what changes something is committed by then.

        Args:
            endpoint: What is asked.
            call: The request.
            already: What is said when the same signed request was carried out before.

        Raises:
            Refused: It is not done, or it is a replacement of which a half was not done.
        """

        async def once(at: datetime) -> Any:
            call.venue.settle(at)
            window = call.values.get("recvWindow", signing.RECV_WINDOW)
            until = call.values["timestamp"] + window + signing.EARLY
            if not self._replays.is_new(call.signature, until, call.now):
                raise already()
            return await endpoint.work(replace(call, at=at))

        try:
            call.venue.admit(call.account)
            if endpoint.acts:
                answer = await self._commits.carry_out(once)
            else:
                call.venue.settle(call.at)
                answer = await endpoint.work(call)
        except VenueError as error:
            raise errors.of_venue(error) from error
        except UsageError as error:
            raise errors.overloaded() from error
        if isinstance(answer, Refused):
            raise answer
        return answer

    def _place(self, path: str) -> tuple[Served, str]:
        letter, beneath = place_of(path)
        if letter not in self.venues:
            raise errors.no_such_path()
        return self.venues[letter], beneath


def place_of(path: str) -> tuple[str, str]:
    """Return the letter of the venue in a path and what follows it; empty when it names none."""
    root, head, letter, beneath = [*path.split("/", 3), "", "", ""][:4]
    return (letter, beneath) if not root and head == "venues" else ("", "")


def _endpoint(method: str, path: str) -> Endpoint:
    if not path.startswith(_SPOT):
        raise errors.no_such_path()
    name = path.removeprefix(_SPOT)
    if method == "GET" and name in public.ENDPOINTS:
        return public.ENDPOINTS[name]
    if (method, name) in private.ENDPOINTS:
        return private.ENDPOINTS[method, name]
    known = name in public.ENDPOINTS or any(name == other for _, other in private.ENDPOINTS)
    raise errors.unsupported(405) if known else errors.no_such_path()


def _signed(pairs: Pairs, request: Request) -> tuple[bytes, str]:
    """Return what was signed and by what; the parameters that come first in Binance's checks are looked for first."""
    if not dict(pairs).get("timestamp"):
        raise errors.missing("timestamp")
    return signing.split(request.query, request.body)
