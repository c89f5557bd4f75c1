"""The paper exchange's HTTP door: Binance spot REST and WebSockets in front of the paper world's three venues.

Clients of Binance trade here with nothing changed but their addresses. It is play money on loopback: no other address
is listened at. What it does otherwise than Binance is said in docs/exchange.md.

    app.py        HTTP, WebSockets and the server's life
    answering.py  from a request to its answer
    signing.py, accounts.py, replays.py, weights.py   who asks, whether it is theirs, once, and how much
    parameters.py, orders.py, errors.py               what was asked, strictly, in Binance's codes and words
    public.py, private.py, empties.py                 the endpoints
    shapes.py, reports.py, executions.py              Binance's shapes
    venues.py, ladders.py, commits.py                 the venue behind it, its numbered books, orders in one commit
    hub.py, sources.py, streams.py, wsapi.py, sockets.py   what is told to whom
"""
