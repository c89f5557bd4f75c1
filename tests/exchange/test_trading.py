"""Orders through the door, as an account sees them."""

from collections.abc import Callable
from decimal import Decimal

from tests.exchange.conftest import Answer, Running, Trader, wall

Make = Callable[..., Trader]
ORDER = "/venues/a/api/v3/order"


def test_a_market_order_is_answered_with_its_fills_and_their_fees(trader: Make) -> None:
    one = trader()
    order = one.order(side="BUY", type="MARKET", quantity="0.002").body
    assert (order["status"], order["executedQty"], order["type"]) == ("FILLED", "0.00200000", "MARKET")
    paid = sum(Decimal(fill["price"]) * Decimal(fill["qty"]) for fill in order["fills"])
    fees = sum(Decimal(fill["commission"]) for fill in order["fills"])
    assert Decimal(order["cummulativeQuoteQty"]) == paid
    assert {fill["commissionAsset"] for fill in order["fills"]} == {"USDT"}
    assert one.balance("BTC") == ("0.05200000", "0.00000000")
    assert Decimal(one.balance("USDT")[0]) == 100_000 - paid - fees


def test_a_market_order_by_cost_spends_no_more_than_that(trader: Make) -> None:
    order = trader().order(side="BUY", type="MARKET", quoteOrderQty="250").body
    assert (order["status"], order["origQuoteOrderQty"]) == ("FILLED", "250.00000000")
    assert Decimal(249) < Decimal(order["cummulativeQuoteQty"]) <= 250


def test_a_resting_order_holds_its_cost_and_the_maker_fee_until_it_is_canceled(trader: Make) -> None:
    one = trader()
    order = one.limit("BUY", "0.01", "50000").body
    assert one.balance("USDT") == ("99499.50000000", "500.50000000")
    gone = one.signed("DELETE", "order", symbol="BTCUSDT", orderId=order["orderId"], newClientOrderId="bye").body
    assert (gone["status"], gone["clientOrderId"], gone["origClientOrderId"]) == (
        "CANCELED",
        "bye",
        order["clientOrderId"],
    )
    assert one.balance("USDT") == ("100000.00000000", "0.00000000")


def test_what_may_not_rest_expires(trader: Make) -> None:
    one = trader()
    ioc = one.order(side="BUY", type="LIMIT", timeInForce="IOC", quantity="0.01", price="50000").body
    fok = one.order(side="BUY", type="LIMIT", timeInForce="FOK", quantity="0.01", price="50000").body
    assert [(order["status"], order["executedQty"]) for order in (ioc, fok)] == [("EXPIRED", "0.00000000")] * 2
    assert one.signed("GET", "openOrders").body == []


def test_an_order_says_as_much_as_is_asked_for(trader: Make) -> None:
    one = trader()
    short = one.limit("BUY", "0.001", "50000", newOrderRespType="ACK").body
    usual = one.order(side="BUY", type="LIMIT_MAKER", quantity="0.001", price="50000").body
    full = one.limit("BUY", "0.001", "50000").body
    assert set(short) == set(usual) == {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"}
    assert full["fills"] == []


def test_an_order_that_waits_for_its_trigger_is_open_and_does_not_work(trader: Make) -> None:
    one = trader()
    made = one.order(
        side="SELL", type="STOP_LOSS_LIMIT", timeInForce="GTC", quantity="0.01", price="30000", stopPrice="31000"
    )
    found = one.signed("GET", "order", symbol="BTCUSDT", orderId=made.body["orderId"]).body
    assert (found["type"], found["stopPrice"], found["isWorking"], found["status"]) == (
        "STOP_LOSS_LIMIT",
        "31000.00000000",
        False,
        "NEW",
    )


def test_only_so_many_orders_may_wait_for_a_trigger(trader: Make) -> None:
    one = trader()
    terms = {"side": "SELL", "type": "STOP_LOSS", "quantity": "0.001", "stopPrice": "30000"}
    assert [one.order(**terms).status for _ in range(5)] == [200] * 5
    assert one.order(**terms).error == (400, -1013, "Filter failure: MAX_NUM_ALGO_ORDERS")
    one.signed("DELETE", "openOrders", symbol="BTCUSDT")
    assert one.order(**terms).status == 200


def test_a_test_order_is_checked_and_not_placed(trader: Make) -> None:
    one = trader()
    terms = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.001"}
    assert one.signed("POST", "order/test", **terms).body == {}
    rates = one.signed("POST", "order/test", **terms, computeCommissionRates="true").body
    assert rates["standardCommissionForOrder"] == {"maker": "0.00100000", "taker": "0.00100000"}
    assert one.signed("POST", "order/test", **terms | {"quantity": "0"}).error[1] == -1013
    assert one.signed("GET", "allOrders", symbol="BTCUSDT").body == []


def test_a_client_order_id_is_taken_once(trader: Make) -> None:
    one = trader()
    assert one.limit("BUY", "0.001", "50000", newClientOrderId="mine").status == 200
    assert one.limit("BUY", "0.001", "50000", newClientOrderId="mine").error == (400, -2010, "Duplicate order sent.")
    assert one.signed("GET", "order", symbol="BTCUSDT", origClientOrderId="mine").body["clientOrderId"] == "mine"


def test_a_signed_order_that_is_sent_again_acts_once_at_any_venue(trader: Make) -> None:
    one = trader()
    signed = one.sign(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.001")
    assert one.send_signed("POST", ORDER, signed).status == 200
    for venue in "abc":
        again = one.send_signed("POST", f"/venues/{venue}/api/v3/order", signed)
        assert again.error == (400, -2010, "Duplicate order sent.")
    assert len(one.signed("GET", "allOrders", symbol="BTCUSDT").body) == 1
    assert one.balance("BTC") == ("0.05100000", "0.00000000")


def test_a_signed_cancel_that_is_sent_again_cancels_nothing_else(trader: Make) -> None:
    one = trader()
    one.limit("BUY", "0.001", "50000")
    signed = one.sign(symbol="BTCUSDT")
    path = "/venues/a/api/v3/openOrders"
    assert len(one.send_signed("DELETE", path, signed).body) == 1
    one.limit("BUY", "0.001", "50000")
    assert one.send_signed("DELETE", path, signed).error == (400, -2011, "Unknown order sent.")
    assert len(one.signed("GET", "openOrders").body) == 1


def test_a_replacement_cancels_and_places(trader: Make) -> None:
    one = trader()
    old = one.limit("BUY", "0.001", "50000").body
    answer = _replace(one, "STOP_ON_FAILURE", old["orderId"], quantity="0.002")
    assert answer.status == 200
    assert (answer.body["cancelResult"], answer.body["newOrderResult"]) == ("SUCCESS", "SUCCESS")
    assert answer.body["cancelResponse"]["status"] == "CANCELED"
    assert [order["origQty"] for order in one.signed("GET", "openOrders").body] == ["0.00200000"]


def test_a_replacement_of_nothing_places_only_when_failure_is_allowed(trader: Make) -> None:
    one = trader()
    stopped = _replace(one, "STOP_ON_FAILURE", 999_999)
    assert stopped.error == (400, -2022, "Order cancel-replace failed.")
    assert (stopped.body["data"]["cancelResult"], stopped.body["data"]["newOrderResult"]) == (
        "FAILURE",
        "NOT_ATTEMPTED",
    )
    assert stopped.body["data"]["cancelResponse"] == {"code": -2011, "msg": "Unknown order sent."}
    allowed = _replace(one, "ALLOW_FAILURE", 999_999)
    assert allowed.error == (409, -2021, "Order cancel-replace partially failed.")
    assert allowed.body["data"]["newOrderResponse"]["status"] == "NEW"
    assert len(one.signed("GET", "openOrders").body) == 1


def test_a_replacement_that_is_refused_leaves_the_old_order_canceled(trader: Make) -> None:
    one = trader()
    old = one.limit("BUY", "0.001", "50000").body
    answer = _replace(one, "STOP_ON_FAILURE", old["orderId"], quantity="100")
    assert answer.error == (409, -2021, "Order cancel-replace partially failed.")
    assert answer.body["data"]["newOrderResponse"]["code"] == -2010
    assert one.signed("GET", "openOrders").body == []
    assert one.balance("USDT") == ("100000.00000000", "0.00000000")


def test_a_cancel_keeps_to_its_restriction(trader: Make) -> None:
    one = trader()
    order = one.limit("BUY", "0.001", "50000").body["orderId"]
    only = {"symbol": "BTCUSDT", "orderId": order}
    refused = one.signed("DELETE", "order", **only, cancelRestrictions="ONLY_PARTIALLY_FILLED")
    assert refused.error == (400, -2011, "Order was not canceled due to cancel restrictions.")
    assert one.signed("DELETE", "order", **only, cancelRestrictions="ONLY_NEW").status == 200


def test_two_accounts_trade_with_each_other(trader: Make) -> None:
    seller, buyer = trader(venue="c"), trader(venue="c")
    inside = _inside(seller)
    asked = seller.limit("SELL", "0.02", inside).body
    assert buyer.get("depth", symbol="BTCUSDT", limit=5).body["asks"][0] == [f"{inside:.8f}", "0.02000000"]
    bought = buyer.order(side="BUY", type="MARKET", quantity="0.015").body
    assert [(fill["price"], fill["qty"]) for fill in bought["fills"]] == [(f"{inside:.8f}", "0.01500000")]
    sold = seller.signed("GET", "order", symbol="BTCUSDT", orderId=asked["orderId"]).body
    assert (sold["status"], sold["executedQty"]) == ("PARTIALLY_FILLED", "0.01500000")
    theirs, ours = (one.signed("GET", "myTrades", symbol="BTCUSDT").body[-1] for one in (seller, buyer))
    assert (theirs["id"], theirs["isMaker"], ours["isMaker"]) == (ours["id"], True, False)
    assert seller.signed("DELETE", "openOrders", symbol="BTCUSDT").status == 200


def test_an_account_does_not_trade_with_itself(trader: Make) -> None:
    one = trader(venue="c")
    inside = _inside(one)
    one.limit("BUY", "0.001", inside)
    refused = one.limit("SELL", "0.001", inside)
    assert refused.error == (400, -2010, "Order would trade with an order of the same account.")
    one.signed("DELETE", "openOrders", symbol="BTCUSDT")


def test_an_account_whose_first_order_is_refused_is_open_all_the_same(trader: Make) -> None:
    one = trader()
    assert one.order(side="BUY", type="MARKET", quantity="50").error[2] == (
        "Account has insufficient balance for requested action."
    )
    assert one.order(side="BUY", type="MARKET", quantity="0.001").status == 200


def test_accounts_see_nothing_of_each_other(trader: Make) -> None:
    one, other = trader(), trader()
    order = one.limit("BUY", "0.001", "50000").body["orderId"]
    assert other.signed("GET", "openOrders").body == []
    assert other.signed("GET", "order", symbol="BTCUSDT", orderId=order).error[1] == -2013
    assert other.signed("DELETE", "order", symbol="BTCUSDT", orderId=order).error[1] == -2011
    signed = one.sign(symbol="BTCUSDT")
    foreign = other.send("GET", "/venues/a/api/v3/openOrders", signed, "", {"X-MBX-APIKEY": other.account.key})
    assert foreign.error[1] == -1022


def test_the_default_key_does_not_reach_the_companys_account(exchange: Running, trader: Make) -> None:
    from company.server.exchange.accounts import DEFAULT
    from company.server.exchange.commits import at_once

    with exchange.world() as world:
        at_once(world.venues["paper-c"].create_order("BTC/USDT", "limit", "buy", "0.001", "50000"))
    one = trader(DEFAULT, venue="c")
    assert one.signed("GET", "openOrders").body == []
    assert one.balance("USDT") == ("100000.00000000", "0.00000000")


def test_an_order_fills_when_another_process_moves_the_world(exchange: Running, trader: Make) -> None:
    one = trader(venue="b")
    price = one.get("ticker/bookTicker", symbol="XRPUSDT").body["bidPrice"]
    terms = {"symbol": "XRPUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    order = one.order(**terms, quantity="10", price=price).body["orderId"]
    for _ in range(40):  # until the market trades below it
        exchange.advance(30)
        found = one.signed("GET", "order", symbol="XRPUSDT", orderId=order).body
        if found["status"] == "FILLED":
            break
    assert found["status"] == "FILLED"
    assert one.signed("GET", "myTrades", symbol="XRPUSDT").body[0]["isMaker"] is True


def test_orders_are_found_by_id_and_time_in_pages(trader: Make) -> None:
    one = trader()
    ids = [one.limit("BUY", "0.001", "50000").body["orderId"] for _ in range(4)]

    def found(**more: object) -> list[int]:
        return [row["orderId"] for row in one.signed("GET", "allOrders", symbol="BTCUSDT", **more).body]

    assert found() == ids
    assert found(limit=2) == ids[-2:]
    assert found(orderId=ids[1], limit=2) == ids[1:3]
    assert found(startTime=1) == ids
    assert found(endTime=1) == []
    assert found(startTime=wall() + 10**10) == []


def test_orders_are_counted_in_the_headers(trader: Make) -> None:
    one = trader()
    first, second = (one.limit("BUY", "0.001", "50000") for _ in range(2))
    assert first.headers["x-mbx-order-count-1d"] == "1"
    assert second.headers["x-mbx-order-count-1d"] == "2"
    assert "x-mbx-used-weight-1m" in second.headers


def _inside(one: Trader) -> Decimal:
    """Return a price between the best bid and the best ask."""
    return Decimal(one.get("ticker/bookTicker", symbol="BTCUSDT").body["bidPrice"]) + Decimal("0.01")


def _replace(one: Trader, mode: str, order: int, **terms: object) -> Answer:
    new = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.001", "price": "50000", **terms}
    return one.signed(
        "POST", "order/cancelReplace", symbol="BTCUSDT", cancelReplaceMode=mode, cancelOrderId=order, **new
    )
