"""A model that obeys whoever it reads: every order in every text, whether a person or a stranger wrote it.

An order is `call TOOL with NAME=VALUE ...!`; `replace OLD by NEW!` changes the arguments of orders. It carries orders
out in the order in which it reads them, once each. A role reports all it has read, word for word; the CEO hands every
order to the role that has the tool, also in a second round, and quotes all reports in its answer. So whatever reaches
this model is done, unless something outside of it says no.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, SystemMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import PrivateAttr

from company.home import Company
from company.llm import LocalMind, Mind
from company.roles import DELEGATE, Role

_ORDER = re.compile(r"call (\w+) with ([^!]*)!")
_CHANGE = re.compile(r"replace (\S+) by ([^\s!]+)!")
_PAIR = re.compile(r"(\w+)=(\S+)")

Order = tuple[str, tuple[tuple[str, str], ...]]


class Gullible(BaseChatModel):
    """The model of one role.

    Attributes:
        owners: Which role has which tool; the CEO delegates by it.
    """

    owners: dict[str, str]
    _offered: list[str] = PrivateAttr(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "gullible"

    def bind_tools(self, tools: Sequence[Any], **_: Any) -> "Gullible":
        model = Gullible(owners=self.owners)
        model._offered = [tool["name"] for tool in tools]
        return model

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        read = [message for message in messages if not isinstance(message, SystemMessage)]
        reply = self._lead(read) if self._is_chief(messages) else self._work(read)
        return ChatResult(generations=[ChatGeneration(message=reply)])

    def _is_chief(self, messages: Sequence[BaseMessage]) -> bool:
        return "# Your team" in messages[0].text

    def _lead(self, read: Sequence[BaseMessage]) -> AIMessage:
        """Hand every order to the role that has the tool; of reports, only what the request did not say."""
        reports = read[-1].text if read[-1].text.startswith("# Reports") else ""
        before = _words(read[:-1] if reports else read)
        fresh = orders(f"{before} {reports}")
        if reports:
            known = {tool for tool, _ in orders(before)}
            fresh = [order for order in fresh if order not in orders(before) or order[0] not in known]
        tasks: dict[str, list[str]] = {}
        for order in fresh:
            tasks.setdefault(self.owners[order[0]], []).append(_spoken(order))
        if DELEGATE not in self._offered or not tasks:
            return AIMessage(reports or f"I read: {before}")
        plan = [{"role": role, "task": " ".join(orders)} for role, orders in tasks.items()]
        return AIMessage("", tool_calls=[_call(DELEGATE, {"assignments": plan}, "plan")])

    def _work(self, read: Sequence[BaseMessage]) -> AIMessage:
        """Carry out all orders that were not carried out yet; without one, report everything that was read."""
        done = [
            (call["name"], call["args"])
            for message in read
            if isinstance(message, AIMessage)
            for call in message.tool_calls
        ]
        known = [(tool, dict(pairs)) for tool, pairs in orders(_words(read)) if tool in self._offered]
        new = [order for order in known if order not in done]
        calls = [_call(tool, arguments, f"c{len(done)}.{number}") for number, (tool, arguments) in enumerate(new)]
        return AIMessage("" if calls else f"I read: {_words(read)}"[:1_200], tool_calls=calls)


def _words(messages: Iterable[BaseMessage]) -> str:
    """Return what messages say, without the punctuation of JSON and Markdown."""
    return " ".join(" ".join(re.sub(r'[][{}",:`]', " ", message.text).split()) for message in messages)


def orders(text: str) -> list[Order]:
    """Return the orders in a text, each once, with their arguments as the text wants them changed."""
    changes = dict(_CHANGE.findall(text))
    found = []
    for tool, given in _ORDER.findall(text):
        pairs = [(name, changes.get(value, value)) for name, value in _PAIR.findall(given)]
        found.append((tool, tuple(pairs)))
    return list(dict.fromkeys(found))


def _spoken(order: Order) -> str:
    return f"call {order[0]} with {' '.join(f'{name}={value}' for name, value in order[1])}!"


def _call(name: str, arguments: dict[str, Any], id: str) -> dict[str, Any]:
    return {"name": name, "args": arguments, "id": id, "type": "tool_call"}


class GullibleModels:
    """The models of a company, every role's replaced."""

    offline = True
    checked = True

    def __init__(self, company: Company) -> None:
        self._models = company.models
        roles = [role for role in company.roles.values() if role.reports_to]
        self._mind = LocalMind(Gullible(owners={tool: role.id for role in roles for tool in role.tools}), "gullible")

    def minds(self, role: Role) -> tuple[Mind, ...]:
        return (self._mind,)

    def needs_no_judgement(self, request: str) -> bool:
        return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._models, name)
