"""The WebSocket API: the REST endpoints as methods, and an account's own events on the same connection.

The signature covers all parameters but itself, sorted by name, as `name=value` joined by `&`, each value as it is
written in the JSON text. A request holds as long, counts as much and acts as seldom twice as by REST.
"""

import logging
from collections.abc import Mapping
from typing import Any, Final

from company.server.exchange import errors, private, public
from company.server.exchange.accounts import Account
from company.server.exchange.answering import Answers
from company.server.exchange.call import Call, Endpoint
from company.server.exchange.errors import Refused
from company.server.exchange.http import client_of, encoded
from company.server.exchange.hub import Hub, Listener
from company.server.exchange.parameters import Pairs, read
from company.server.exchange.sockets import Socket, Twice, id_of, parsed
from company.server.exchange.venues import Served

WS_API: Final = "ws-api/v3"
"""Path of the WebSocket API beneath a venue."""

_log = logging.getLogger(__name__)

_PUBLIC: Final = {
    "ping": "ping",
    "time": "time",
    "exchangeInfo": "exchangeInfo",
    "depth": "depth",
    "klines": "klines",
    "trades.recent": "trades",
    "trades.aggregate": "aggTrades",
    "ticker.24hr": "ticker/24hr",
    "ticker.price": "ticker/price",
    "ticker.book": "ticker/bookTicker",
}
_PRIVATE: Final = {
    "order.place": ("POST", "order"),
    "order.test": ("POST", "order/test"),
    "order.status": ("GET", "order"),
    "order.cancel": ("DELETE", "order"),
    "order.cancelReplace": ("POST", "order/cancelReplace"),
    "openOrders.status": ("GET", "openOrders"),
    "openOrders.cancelAll": ("DELETE", "openOrders"),
    "allOrders": ("GET", "allOrders"),
    "myTrades": ("GET", "myTrades"),
    "account.status": ("GET", "account"),
}
METHODS: Final[Mapping[str, Endpoint]] = {
    **{method: public.ENDPOINTS[path] for method, path in _PUBLIC.items()},
    **{method: private.ENDPOINTS[key] for method, key in _PRIVATE.items()},
}
_SUBSCRIBE: Final = "userDataStream.subscribe.signature"
_UNSUBSCRIBE: Final = "userDataStream.unsubscribe"
_CANCELS: Final = ("order.cancel", "openOrders.cancelAll")


class Conversation:
    """One connection of the WebSocket API.

    Args:
        answers: Does what is asked.
        venue: Where it came to.
        hub: What happens there.
        socket: The connection.
    """

    def __init__(self, answers: Answers, venue: Served, hub: Hub, socket: Socket) -> None:
        self._answers, self._venue, self._hub, self._socket = answers, venue, hub, socket
        self._client = client_of(socket.scope)
        self._subscriptions: dict[int, tuple[str, Listener]] = {}
        self._made = 0

    async def serve(self) -> None:
        """Answer until the client leaves."""
        try:
            await self._socket.converse(self._heard)
        finally:
            for number in list(self._subscriptions):
                self._end(number)

    async def _heard(self, text: str) -> None:
        request_id: Any = None
        answer: dict[str, Any]
        shown, account = True, None
        try:
            message = _message(text)
            request_id = id_of(message)
            params = message.get("params", {})
            shown = params.get("returnRateLimits") is not False
            account = self._account(message["method"], params)
            answer = {"status": 200, "result": await self._answer(message["method"], params, account)}
        except Refused as refused:
            answer = {"status": refused.status, "error": refused.body()}
        except Exception:  # noqa: BLE001 -- a bug answers as Binance's do, and is logged
            _log.exception("a request of the WebSocket API failed")
            answer = {"status": 500, "error": errors.unknown_failure().body()}
        limits = self._answers.meter.counts(self._client, account.name if account else None)
        self._socket.tell(encoded({"id": request_id, **answer, **({"rateLimits": limits} if shown else {})}))

    def _account(self, method: str, params: dict[str, Any]) -> Account | None:
        """Return who asks, None for a method that anybody may use."""
        known = METHODS.get(method)
        if method != _SUBSCRIBE and (known is None or not known.signed):
            return None
        key = params.get("apiKey")
        if not key:
            raise errors.missing("apiKey")
        return self._answers.account(str(key))

    async def _answer(self, method: str, params: dict[str, Any], account: Account | None) -> Any:
        endpoint = METHODS.get(method)
        pairs = _pairs(params)
        weight = endpoint.weighs(dict(pairs)) if endpoint else 2
        self._answers.meter.weigh(self._client, weight)
        if account is not None:
            self._verify(account, pairs)
        if method == _SUBSCRIBE:
            assert account is not None
            return self._subscribe(account)
        if method == _UNSUBSCRIBE:
            return self._unsubscribe(params)
        if endpoint is None:
            raise errors.unsupported()
        mandatory = (*endpoint.mandatory, "apiKey") if account else endpoint.mandatory
        values = read(pairs, mandatory, (*endpoint.optional, "returnRateLimits"))
        if account and endpoint.orders:
            self._answers.meter.order(account.name)
        already = errors.not_canceled if method in _CANCELS else lambda: errors.rejected(errors.DUPLICATE)
        call = Call(
            self._venue,
            values,
            self._answers.wall(),
            self._venue.present(),
            account.name if account else "",
            values.get("signature", ""),
        )
        return await self._answers.carry_out(endpoint, call, already)

    def _verify(self, account: Account, pairs: Pairs) -> None:
        sent = dict(pairs)
        for name in ("timestamp", "signature"):
            if not sent.get(name):
                raise errors.missing(name)
        signed = "&".join(f"{name}={value}" for name, value in sorted(pairs) if name != "signature")
        self._answers.verify(account, pairs, signed.encode(), sent["signature"])

    def _subscribe(self, account: Account) -> dict[str, int]:
        number, self._made = self._made, self._made + 1

        def listener(_account: str, event: str) -> None:
            self._socket.tell(f'{{"subscriptionId":{number},"event":{event}}}')

        self._hub.attend(account.name, listener)
        self._subscriptions[number] = (account.name, listener)
        return {"subscriptionId": number}

    def _unsubscribe(self, params: dict[str, Any]) -> dict[str, Any]:
        wanted = params.get("subscriptionId")
        for number in [number for number in self._subscriptions if wanted in {None, str(number)}]:
            self._end(number)
        return {}

    def _end(self, number: int) -> None:
        self._hub.leave(*self._subscriptions.pop(number))


def _message(text: str) -> dict[str, Any]:
    """Return a request.

    Raises:
        Refused: It is none.
    """
    try:
        message = parsed(text)
    except Twice as twice:
        raise errors.duplicated(str(twice)) from None
    except ValueError:
        raise Refused(-1135, "Invalid JSON Request") from None
    if not isinstance(message, dict) or not isinstance(message.get("params", {}), dict):
        raise Refused(-1135, "Invalid JSON Request")
    if not isinstance(message.get("method"), str):
        raise errors.missing("method")
    return message


def _pairs(params: Mapping[str, Any]) -> Pairs:
    """Return parameters as texts.

    Raises:
        Refused: One holds more than a text, a number or a truth value.
    """
    return [(name, _text(name, value)) for name, value in params.items()]


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if not isinstance(value, str):
        raise errors.bad_data(name)
    return value
