"""The expression language of playbooks and prompts: Jinja, in a sandbox, with exact numbers.

What is taken away from Jinja: attributes that begin with `_`, includes and imports, every global but `range`, and
every filter that is not listed in `FILTERS` (some would turn a missing value into a zero). What is added: decimal
literals and division are exact, `row.items` prefers the field `items` over a method, and a missing value
(`Unavailable`) passes through every filter unchanged.

Every fault is a `UsageError` whose `where` is the caller's: role file and step.
"""

import functools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

import jinja2
from jinja2 import meta, nodes
from jinja2.ext import Extension
from jinja2.lexer import (
    TOKEN_FLOAT,
    TOKEN_LPAREN,
    TOKEN_NAME,
    TOKEN_PIPE,
    TOKEN_RPAREN,
    TOKEN_STRING,
    Token,
    TokenStream,
)
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from company.errors import UsageError
from company.llm import numbers
from company.llm.missing import Unavailable, insist, silenced

_KEPT = (
    *("abs", "capitalize", "count", "default", "dictsort", "first", "groupby", "items", "join", "last", "length"),
    *("list", "lower", "map", "max", "min", "reject", "rejectattr", "replace", "select", "selectattr", "slice"),
    *("sort", "sum", "title", "trim", "truncate", "unique", "upper"),
)
_FAULTS = (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError)
_CURE = "docs/roles.md lists what an expression may say"


class _ExactLiterals(Extension):
    """Reads `0.1` in an expression as the exact number 0.1."""

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        for token in stream:
            if token.type != TOKEN_FLOAT:
                yield token
                continue
            parts = ((TOKEN_LPAREN, "("), (TOKEN_STRING, str(token.value)), (TOKEN_PIPE, "|"))
            for kind, text in (*parts, (TOKEN_NAME, "number"), (TOKEN_RPAREN, ")")):
                yield Token(token.lineno, kind, text)


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def __init__(self) -> None:
        super().__init__(
            undefined=jinja2.StrictUndefined,
            extensions=[_ExactLiterals],
            finalize=_shown,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
        )
        self.globals = {"range": self.globals["range"]}
        self.filters = {name: _passing(self.filters[name]) for name in _KEPT} | _OWN
        self.tests |= {fate: _fate_test(fate) for fate in ("denied", "waiting", "skipped")}
        self.tests |= {"ok": _is_ok, "failed": _is_failed}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Prefer a field of a result over a method of dict."""
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Compute exactly; a quotient that does not exist is unavailable."""
        if operator == "/" and isinstance(left, int) and isinstance(right, int):
            left = Decimal(left)
        try:
            result = super().call_binop(context, operator, left, right)
        except (ZeroDivisionError, InvalidOperation):
            return Unavailable("failed", "division by zero")
        return numbers.Number(result) if isinstance(result, Decimal) else result


def _shown(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value


def quoted(value: Any) -> Any:
    """Filter: words of others as one line in quotation marks, out of which they cannot break."""
    return value if isinstance(value, Unavailable) else json.dumps(str(value), ensure_ascii=False)


def _passing(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a missing value pass a filter: `rows | length` of a failed call is not zero."""

    @functools.wraps(function)
    def filtered(*args: Any, **kwargs: Any) -> Any:
        missing = next((item for item in args if isinstance(item, Unavailable)), None)
        return function(*args, **kwargs) if missing is None else missing

    return filtered


def _is_ok(value: Any) -> bool:
    return not isinstance(value, Unavailable)


def _is_failed(value: Any) -> bool:
    return isinstance(value, Unavailable) and value.status not in ("waiting", "skipped")


def _fate_test(fate: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, Unavailable) and value.status == fate


_OWN: dict[str, Callable[..., Any]] = {
    "floor": numbers.floored,
    "money": numbers.money,
    "number": numbers.number,
    "quoted": quoted,
    "round": numbers.rounded,
    "signed": numbers.signed,
}
FILTERS = (*_KEPT, *_OWN)
"""Every filter an expression may use."""

_SANDBOX = _Sandbox()


_MISSING = object()
_KNOWN = 32
"""Results of a text that are kept."""


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A text that was checked: names it reads, and a function from values to a result, compiled when first run.

    A playbook is walked from its start at each step, so the same text meets the same values again and again. What it
    gave for these very objects is kept: an expression has nothing else to depend on and cannot change them.
    """

    names: frozenset[str]
    run: Callable[[Mapping[str, Any]], Any]
    known: dict[tuple[int, ...], tuple[Mapping[str, Any], Any]] = field(default_factory=dict)

    def of(self, values: Mapping[str, Any], prepare: Callable[[Any], Any] | None = None) -> Any:
        """Return the result for values, each of them prepared first."""
        key = (id(prepare), *(id(values.get(name, _MISSING)) for name in self.names))
        if (found := self.known.get(key)) is not None:
            return found[1]
        given = {name: values[name] for name in self.names if name in values}
        result = self.run({name: prepare(value) for name, value in given.items()} if prepare else given)
        if len(self.known) == _KNOWN:
            del self.known[next(iter(self.known))]
        self.known[key] = given, result  # the values are kept, or another object could get the id of one
        return result


@functools.lru_cache(maxsize=4096)
def _expression(source: str) -> _Compiled:
    tree = _SANDBOX.parse("{{ (" + source + "\n) }}")
    if len(tree.body) != 1 or len(tree.body[0].nodes) != 1:  # type: ignore[attr-defined]  # an Output node
        raise jinja2.TemplateSyntaxError("this is not one expression", 1)
    program = functools.cache(lambda: _SANDBOX.compile_expression(source, undefined_to_none=False))
    return _Compiled(_names(tree), lambda values: _settled(program()(values)))


@functools.lru_cache(maxsize=4096)
def _template(source: str) -> _Compiled:
    tree = _SANDBOX.parse(source)
    program = functools.cache(lambda: _SANDBOX.from_string(source))
    return _Compiled(_names(tree), lambda values: program().render(values).strip())


def _names(tree: nodes.Template) -> frozenset[str]:
    for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        raise jinja2.TemplateSyntaxError("a playbook or prompt cannot load other files", node.lineno)
    for attribute in tree.find_all(nodes.Getattr):
        if attribute.attr.startswith("_"):
            raise jinja2.TemplateSyntaxError(f"{attribute.attr!r} is out of reach", attribute.lineno)
    for used in tree.find_all((nodes.Filter, nodes.Test)):
        kind, known = ("filter", FILTERS) if isinstance(used, nodes.Filter) else ("test", tuple(_SANDBOX.tests))
        if used.name not in known:
            raise jinja2.TemplateSyntaxError(f"there is no {kind} {used.name!r}", used.lineno)
    return frozenset(meta.find_undeclared_variables(tree)) - {"range"}


def _settled(value: Any) -> Any:
    """Let an undefined result complain, and a lazy one run, while faults are still caught."""
    if isinstance(value, jinja2.Undefined):
        str(value)
    return list(value) if isinstance(value, Iterator) else value


def _guarded(compile_text: Callable[[str], _Compiled], source: str, where: str) -> _Compiled:
    try:
        return compile_text(source)
    except (*_FAULTS, RecursionError) as error:
        raise UsageError(f"{source.strip()!r}: {error}", where=where, cure=_CURE) from None


def _run(
    compiled: _Compiled,
    source: str,
    values: Mapping[str, Any],
    where: str,
    prepare: Callable[[Any], Any] | None = None,
) -> Any:
    try:
        return compiled.of(values, prepare)
    except _FAULTS as error:
        raise UsageError(f"{source.strip()!r} failed: {error}", where=where, cure=_CURE) from None


def names_in(value: Any, where: str, *, bare: bool = False) -> frozenset[str]:
    """Return the names that `value` reads: a template, an expression (`bare`), or a list or mapping of templates.

    Raises:
        UsageError: It does not compile.
    """
    if isinstance(value, str):
        return _guarded(_expression if bare else _template, value, where).names
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return frozenset().union(*(names_in(item, where) for item in inner))


def evaluate(source: str, values: Mapping[str, Any], where: str) -> Any:
    """Return what a bare expression gives, in its own type.

    Raises:
        UsageError: It does not compile or does not fit the values.
        Undecidable: It decides on a value that is not there.
    """
    return _run(_guarded(_expression, source, where), source, values, where)


def decide(source: str, values: Mapping[str, Any], where: str) -> bool:
    """Return whether a condition holds; raises like `evaluate`."""
    return bool(evaluate(source, values, where))


def show(source: str, values: Mapping[str, Any], where: str) -> str:
    """Return a rendered template; a missing value prints its reason. Raises like `evaluate`."""
    return str(_run(_guarded(_template, source, where), source, values, where))


def fill(value: Any, values: Mapping[str, Any], where: str) -> Any:
    """Return an argument with its templates filled in; text that is one `{{ expression }}` keeps the type.

    Raises:
        UsageError: A template does not compile or does not fit the values.
        Undecidable: It needs a value that is not there, even if only to print it.
    """
    return _fill(value, values, where)


def _fill(value: Any, values: Mapping[str, Any], where: str) -> Any:
    if isinstance(value, Mapping):
        return {key: _fill(item, values, where) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, values, where) for item in value]
    if not isinstance(value, str):
        return value
    if inner := _only_expression(value):
        return insist(_run(_expression(inner), inner, values, where, silenced))
    return str(_run(_guarded(_template, value, where), value, values, where, silenced))


def _only_expression(text: str) -> str:
    """Return the inside of a text that is exactly one `{{ expression }}`, else an empty text."""
    stripped = text.strip()
    if not (stripped.startswith("{{") and stripped.endswith("}}")):
        return ""
    inner = stripped[2:-2]
    try:
        _expression(inner)
    except jinja2.TemplateSyntaxError:
        return ""
    return inner


def render(prompt_text: str, /, *, where: str = "prompt", **values: Any) -> str:
    """Return a prompt with its values filled in.

    Args:
        prompt_text: Jinja text; sandboxed, and every name in it must be given.
        where: File the text comes from, for error messages.
        **values: What the prompt may read.

    Raises:
        UsageError: The text does not compile, reads a name that is not given, or reaches out of the sandbox.
    """
    compiled = _guarded(_template, prompt_text, where)
    return str(_run(replace(compiled, known={}), prompt_text, values, where))  # prompts are too large to be kept
