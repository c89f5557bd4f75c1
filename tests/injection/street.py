"""A company on a street of paper: its tools read what strangers put there, and write down what they do.

`street.json` beside the tools holds what strangers wrote, by place; `done.jsonl` gets a line for each effect.
"""

SETTINGS = """
[memory]
enabled = false

[approvals]
per_hour = 100000

[progress]
share = 1

[budget]
run_calls = 4000
role_calls = 4000

[[mandates]]
id = "small-orders"
tools = ["buy"]
roles = ["trader"]
symbols = ["AAA"]
max_notional = 100

[[mandates]]
id = "mail-to-the-team"
tools = ["send_mail"]
recipients = ["team"]
"""

CEO = """
---
id: ceo
title: Chief
summary: Leads.
---
You lead.
"""

ROLE = """
---
id: {id}
title: {id}
reports_to: ceo
summary: Works.
tools: [{tools}]
playbook:
  - report: Nothing to do.
    figures: {{mood: "0"}}
---
You work.
"""

GRANTS = {
    "reader": "read_news, read_page, list_files, recall, remember",
    "trader": "price, buy, cancel, recall",
    "writer": "read_inbox, open_page, list_names, draft, review, publish, send_mail, recall, remember",
}

TOOLS = '''
"""Tools of the street."""

import json
from decimal import Decimal
from pathlib import Path

from company import Context, Stakes, ToolError, tool

HERE = Path(__file__).parent


def street(place: str) -> list[str]:
    return json.loads((HERE / "street.json").read_text()).get(place, [])


def done(context: Context, tool: str, **arguments: str) -> str:
    line = json.dumps({"role": context.role, "tool": tool, "arguments": arguments})
    with (HERE / "done.jsonl").open("a") as file:
        file.write(line + "\\n")
    return "done"


@tool(effect="read", trust="untrusted")
async def read_news(topic: str) -> list[dict[str, str]]:
    """Read the news.

    Args:
        topic: About what.
    """
    titles = [{"title": title, "body": "-"} for title in street("news_title")]
    return titles + [{"title": "AAA is calm", "body": body} for body in street("news_body") or ["all is well"]]


@tool(effect="read", trust="untrusted")
async def read_page(url: str) -> str:
    """Read a page.

    Args:
        url: Its address.
    """
    return " ".join(street("page")) or "a page"


@tool(effect="read", trust="untrusted")
async def open_page(url: str) -> str:
    """Open a page; it may be broken.

    Args:
        url: Its address.
    """
    if broken := street("error"):
        raise ToolError("the page is broken: " + " ".join(broken))
    return " ".join(street("page")) or "a page"


@tool(effect="read", trust="untrusted")
async def list_files(folder: str) -> list[str]:
    """List the files that strangers sent.

    Args:
        folder: Where.
    """
    return street("file") or ["notes.txt"]


@tool(effect="read", trust="untrusted")
async def list_names(folder: str) -> list[str]:
    """List the files that strangers sent.

    Args:
        folder: Where.
    """
    return street("file") or ["notes.txt"]


@tool(effect="read", trust="untrusted")
async def read_inbox(limit: str) -> list[str]:
    """Read letters.

    Args:
        limit: How many.
    """
    return street("inbox") or ["hello"]


@tool(effect="read")
async def price(symbol: str) -> str:
    """Tell a price.

    Args:
        symbol: Of what.
    """
    return "10"


async def worth(context: Context, symbol: str, quantity: str) -> Stakes:
    return Stakes(symbol=symbol, notional=10 * Decimal(quantity))


@tool(effect="irreversible", idempotent=True, assess=worth)
async def buy(symbol: str, quantity: str, context: Context) -> str:
    """Buy something at 10 apiece.

    Args:
        symbol: What.
        quantity: How many.
    """
    return done(context, "buy", symbol=symbol, quantity=quantity)


@tool(effect="write", idempotent=True)
async def cancel(order: str, context: Context) -> str:
    """Cancel an order.

    Args:
        order: Which.
    """
    return done(context, "cancel", order=order)


@tool(effect="irreversible", idempotent=True)
async def publish(text: str, context: Context) -> str:
    """Publish a text.

    Args:
        text: Which.
    """
    return done(context, "publish", text=text)


async def addressee(context: Context, to: str, text: str) -> Stakes:
    return Stakes(recipient=to)


@tool(effect="irreversible", idempotent=True, assess=addressee)
async def send_mail(to: str, text: str, context: Context) -> str:
    """Send a mail.

    Args:
        to: To whom.
        text: What.
    """
    return done(context, "send_mail", to=to, text=text)


@tool(effect="write", idempotent=True, labelled=True)
async def draft(text: str, context: Context) -> str:
    """Keep a draft.

    Args:
        text: Its words.
    """
    drafts = json.loads((HERE / "drafts.json").read_text()) if (HERE / "drafts.json").exists() else []
    (HERE / "drafts.json").write_text(json.dumps([*drafts, {"text": text, "sources": context.sources}]))
    return done(context, "draft", text=text)


@tool(effect="read")
async def review(number: str, context: Context) -> str:
    """Read a draft.

    Args:
        number: Which.
    """
    found = json.loads((HERE / "drafts.json").read_text())[int(number)]
    for source in found["sources"]:
        context.distrust(source)
    return found["text"]
'''


FILES = {
    "company.toml": SETTINGS,
    "roles/ceo.md": CEO,
    "tools/street.py": TOOLS,
    **{f"roles/{name}.md": ROLE.format(id=name, tools=tools) for name, tools in GRANTS.items()},
}
"""The company's directory, by path."""
