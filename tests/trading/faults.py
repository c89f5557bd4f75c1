"""Venues that fail the way networks and exchanges do, around a venue that works."""

from company.errors import OrderNotFound, RequestTimeout


class Around:
    """A venue around another one; subclasses bend single calls."""

    def __init__(self, inner):
        self.inner, self.sent, self.asked = inner, 0, 0

    def __getattr__(self, name):
        return getattr(self.inner, name)

    async def create_order(self, *order):
        self.sent += 1
        return await self.inner.create_order(*order)

    async def fetch_balance(self):
        self.asked += 1
        return await self.inner.fetch_balance()


class Forgetful(Around):
    """Knows a client order id only as long as its order is open, as Binance does; it would take the id again."""

    refuses_repeats = False

    async def fetch_order(self, id, symbol=None, params=None):
        found = await self.inner.fetch_order(id, symbol, params or {})
        if id is None and found["status"] != "open":
            raise OrderNotFound(f"nothing is open with {params}")
        return found


class DropsReply(Forgetful):
    """Executes the first order but loses the answer."""

    async def create_order(self, *order):
        report = await super().create_order(*order)
        if self.sent == 1:
            raise RequestTimeout("no answer in 10 s")
        return report


class DropsRequest(Forgetful):
    """The first order never arrives."""

    async def create_order(self, *order):
        if self.sent:
            return await super().create_order(*order)
        self.sent += 1
        raise RequestTimeout("no answer in 10 s")


class Delays(Forgetful):
    """Orders arrive when `arrive` is called, long after everybody gave up waiting."""

    def __init__(self, inner):
        super().__init__(inner)
        self.late = []

    async def create_order(self, *order):
        self.sent += 1
        self.late.append(order)
        raise RequestTimeout("no answer in 10 s")

    async def arrive(self):
        while self.late:
            await self.inner.create_order(*self.late.pop())


class AnswersTwice(Around):
    """A proxy sends each request twice, and passes on the second answer."""

    async def create_order(self, *order):
        await super().create_order(*order)
        return await self.inner.create_order(*order)


class Tells(Around):
    """Changes what the venue says of orders and trades; nothing it does."""

    def __init__(self, inner):
        super().__init__(inner)
        self.of_orders, self.of_trades = {}, lambda trades: trades

    async def create_order(self, *order):
        return {**await super().create_order(*order), **self.of_orders}

    async def fetch_order(self, *order):
        return {**await self.inner.fetch_order(*order), **self.of_orders}

    async def fetch_my_trades(self, *wanted):
        return self.of_trades(await self.inner.fetch_my_trades(*wanted))


class Silent(Around):
    """Does not answer while `is_down`."""

    is_down = False

    async def fetch_open_orders(self, *wanted):
        if self.is_down:
            raise RequestTimeout("no answer in 10 s")
        return await self.inner.fetch_open_orders(*wanted)


def bend(kind):
    return {"paper-a": kind, "paper-b": kind, "paper-c": kind}
