"""Payload rules: what an attack looks like inside one request.

A rule is a row: an id, the kind of attack, where to look, a few literals of which one must occur, and an expression.
The literals make ordinary requests cheap. The expressions run on decoded text and use bounded repeats only, so that a
hostile line costs no more than a plain one (a test measures it). They ask for the shape of an attack, not for a
suspicious word: people do search for "drop earrings" and for "JavaScript: the good parts".

The expressions are our own. The OWASP Core Rule Set at paranoia level 1 is the bar they are compared with.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from typing import Literal
from urllib.parse import unquote_plus

from company.defence.accesslog import Request
from company.defence.alerts import Kind, Severity

LONGEST_TEXT = 8_192
SEPARATOR = "\x02"
"""Stands between parameters after decoding, so that an encoded `&` is told from a real one."""


@dataclass(frozen=True, slots=True)
class Gravity:
    """How bad a kind of attack is, and what OWASP calls it."""

    severity: Severity
    owasp: str


GRAVITY: dict[Kind, Gravity] = {
    "log4shell": Gravity("critical", "A05:2025 Injection"),
    "command_injection": Gravity("critical", "A05:2025 Injection"),
    "sql_injection": Gravity("high", "A05:2025 Injection"),
    "path_traversal": Gravity("high", "A01:2025 Broken Access Control"),
    "credential_stuffing": Gravity("high", "OAT-008 Credential Stuffing"),
    "xss": Gravity("medium", "A05:2025 Injection"),
    "prompt_injection": Gravity("medium", "LLM01:2025 Prompt Injection"),
    "scanning": Gravity("medium", "OAT-014 Vulnerability Scanning"),
    "scraping": Gravity("low", "OAT-011 Scraping"),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table.

    Attributes:
        id: Stable id, quoted in alerts.
        kind: Kind of attack.
        within: `target` looks at path and query, `headers` at user agent and referer, `both` at each of them.
        literals: Lower-case strings of which at least one must occur before the expression is tried.
        expression: Searched in the decoded, lower-case text.
    """

    id: str
    kind: Kind
    within: Literal["target", "headers", "both"]
    literals: tuple[str, ...]
    expression: re.Pattern[str]

    def matches(self, text: str) -> bool:
        """Tell whether the decoded `text` breaks this rule."""
        return any(literal in text for literal in self.literals) and self.expression.search(text) is not None


def _rule(
    name: str, kind: Kind, within: Literal["target", "headers", "both"], literals: tuple[str, ...], *expressions: str
) -> Rule:
    return Rule(name, kind, within, literals, re.compile("|".join(expressions)))


_END = r"\s*(?:$|\x02)"
_CHAIN = r"(?:[;|`\n]|&&?|\$\()\s*"
_WITH_ARGUMENT = (
    r"(?:cat|tac|head|tail|less|more|ls|wget|curl|nc|ncat|bash|sh|ping|nslookup|dig|rm|chmod|python3?|perl|php"
    r"|powershell|cmd(?:\.exe)?|type|certutil|touch|base64)"
)
_GAP = r"(?:\s|\$\{?ifs\}?|<){1,4}"
_ALONE = r"(?:id|whoami|uname|ls|pwd|ifconfig|hostname|netstat|ps|env|printenv|ver|dir)"
_OPEN = r"\(?\s*['\"]?"
_JOIN = r"['\")\d]\s*(?:or|and|xor|\|\||&&)\s*(?:not\s+)?" + _OPEN
_EVENT = (
    r"on(?:error|load|click|focus|blur|mouseover|mouseenter|toggle|begin|start|end|pointer\w{1,8}|animation\w{1,9})"
)

PAYLOAD_RULES: tuple[Rule, ...] = (
    _rule("LOG4J-1", "log4shell", "both", ("${",), r"\$\{\s*jndi\s*:"),
    _rule(
        "CMD-1",
        "command_injection",
        "target",
        (";", "|", "&", "`", "$(", "\n"),
        _CHAIN + _WITH_ARGUMENT + _GAP + r"(?:-{1,2}\w|~?/|\.{1,2}/|\d{1,3}\b|https?:|['\"$*(]|\w{1,40}\.\w)",
        _CHAIN + _ALONE + r"\s*(?:-\w{1,5}\s*)?(?:$|[\x02;|&`)#\n])",
        _CHAIN + r"(?:sleep|timeout)\s{1,4}\d{1,3}\s*(?:$|[\x02;|&`)#\n])",
        _CHAIN + r"(?:/usr)?/bin/\w{2,10}\b",
    ),
    _rule("CMD-2", "command_injection", "both", ("() {", "(){"), r"\(\)\s?\{[^}]{0,20}\}\s*;"),
    _rule(
        "CMD-3",
        "command_injection",
        "target",
        ("{{", "__class__", "<%="),
        r"\{\{\s*\d{1,6}\s*\*\s*['\"]?\d{1,6}",
        r"__class__\s*\.\s*__(?:mro|base|bases|subclasses)__",
        r"<%=\s*(?:\d|system|`|file\.)",
    ),
    _rule(
        "SQL-1",
        "sql_injection",
        "both",
        ("union",),
        r"\bunion\s+(?:all\s+|distinct\s+)?\(?\s*select\s+(?:null|\d|@@|\*|'|\(|\w{1,40}\s?[,(]|\w{1,40}\s+from\s+\w{1,40}\s*(?:--|#|$))",
    ),
    _rule(
        "SQL-2",
        "sql_injection",
        "both",
        (" or ", " and ", "'or", "'and", "||", "&&", " xor ", ")or", ")and"),
        _JOIN + r"(\w{1,20})['\"]?\s*(?:=|\blike\b)\s*" + _OPEN + r"\1\b",
        _JOIN + r"\d{1,9}['\"]?\s*(?:=|<>|!=|<|>)\s*" + _OPEN + r"\d",
        r"['\"]\s*(?:or|and|xor|\|\||&&)\s*(?:not\s+)?(?:true|\d)\s*(?:--|#)",
        r"['\"]\s*(?:or|and)\s+\w{1,30}\s+(?:like|is|in)\s+(?:['\"(]|not\b|null\b)",
        r"\b(?:or|and)\s+\(?\s*exists\s*\(\s*select",
        r"\b(?:or|and)\s+(?:ascii|substring|substr|length|mid|ord)\s*\((?:\s*\(|\s*sub\w{3,6}){0,3}\s*"
        r"(?:select|database|user|version)\b",
    ),
    _rule(
        "SQL-3",
        "sql_injection",
        "both",
        ("--", "'#", "' #", ";", " by "),
        r"['\"]\s*\)?\s*(?:--|#)" + _END,
        r";\s*(?:drop|alter|truncate|create)\s+(?:table|database|schema|user|view)\b",
        r";\s*(?:delete\s+from|insert\s+into|update\s+\w{1,30}\s+set|exec(?:ute)?\s+\w|shutdown\b|declare\s+@)",
        r"(?:['\")]\s*|\b)(?:order|group)\s+by\s+\d{1,3}\s*(?:--|#)",
    ),
    _rule(
        "SQL-4",
        "sql_injection",
        "both",
        ("sleep(", "benchmark(", "delay", "extractvalue", "updatexml", "xp_cmdshell", "load_file", "outfile", "from "),
        r"(?:\b(?:and|or|select|then)\b|[,;(|])\s*\(?\s*(?:sleep|pg_sleep|benchmark|randomblob)\s*\(\s*\d",
        r"\bwaitfor\s+delay\s+['\"(]",
        r"\b(?:extractvalue|updatexml)\s*\(\s*\w{1,20}\s*,",
        r"\bxp_cmdshell\b\s*['\"(]",
        r"\bload_file\s*\(\s*['\"(0x]",
        r"\binto\s+(?:outfile|dumpfile)\s+['\"]",
        r"\bfrom\s+(?:information_schema\.|sqlite_master\b|pg_catalog\.|mysql\.user\b|sysobjects\b)",
    ),
    _rule("SQL-5", "sql_injection", "target", ("[$",), r"\[\$(?:ne|gt|gte|lt|lte|regex|where|in|nin|exists)\]"),
    _rule("PATH-1", "path_traversal", "target", ("../", "..\\"), r"(?:\.{2,4}[/\\]{1,4}){3}"),
    _rule(
        "PATH-2",
        "path_traversal",
        "target",
        ("etc/", "proc/", "../", "..\\", ".ini", "system32"),
        r"(?:\.\.[/\\]|[=\\]|file:)/{0,3}(?:etc/(?:passwd|shadow|group|hosts)|proc/self/(?:environ|cmdline|fd))\b",
        r"\.\.[/\\]{1,4}(?:\w{1,20}[/\\]){0,3}(?:win\.ini|boot\.ini|system32|web-inf|\.ssh|\.env|config)",
        r"=\s*(?:[a-z]:)[/\\]{1,2}(?:windows[/\\]{1,2})?(?:win\.ini|boot\.ini|system32)",
    ),
    _rule("PATH-3", "path_traversal", "target", ("://",), r"=\s*(?:file|php|expect|phar|zip|gopher)://"),
    _rule("PATH-4", "path_traversal", "target", ("\x00",), r"\x00"),
    _rule(
        "XSS-1",
        "xss",
        "both",
        ("<",),
        r"<\s*script\b[^<>\x02]{0,200}(?:>[^<\x02]{0,200}[(=\[`]|\bsrc\s*=)",
        r"<\s*[a-z]\w{0,20}[^<>\x02]{0,200}?[\s/'\"]on[a-z]{3,24}\s*=",
        r"<\s*(?:iframe|object|embed|base|meta|link)\b[^<>\x02]{0,200}?(?:src|data|href|srcdoc|content)\s*=",
    ),
    _rule(
        "XSS-2",
        "xss",
        "both",
        ("javascript:", "vbscript:", "data:text/html"),
        r"(?:javascript|vbscript):\s*(?:\w{1,30}\s*[(=`]|window|document|/[/*])",
        r"\bdata:text/html\s*[;,]",
    ),
    _rule(
        "XSS-3",
        "xss",
        "target",
        ("'", '"'),
        r"['\"]\s*(?:;|-|\+|\))\s*(?:alert|prompt|confirm|eval|fetch)\s*[(`]",
        r"['\"]\s*[^<>\x02]{0,40}\b" + _EVENT + r"\s*=\s*['\"]?\w{1,30}\s*[(`.]",
    ),
    _rule(
        "PROMPT-1",
        "prompt_injection",
        "both",
        ("instruction", "prompt", "rules", "orders", "assistant", "agent", "you are now", "language model"),
        r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instructions?|prompts?|rules|orders|guidelines)\b",
        r"\b(?:system|developer)\s+(?:prompt|message|override)\s*[:=]",
        r"\byou are now\b.{0,60}\b(?:mode|unrestricted|admin|allowed|agent|assistant)\b",
        r"\b(?:assistant|language model|ai|agent)s?\b.{0,60}\b(?:must|should|shall|please|has to|have to)\b.{0,60}"
        r"\b(?:send|publish|post|buy|sell|transfer|unblock|block|reveal|reply|report|delete|approve|whitelist)\b",
    ),
)

_KNOWN_HOLES = re.compile(
    r"/\.(?:env|git|svn|hg|aws|ssh|docker|vscode|ds_store|htpasswd|htaccess|npmrc)\b"
    r"|/(?:wp-(?:login|admin|config|includes|cron)|xmlrpc\.php|phpmyadmin|pma/|adminer|phpinfo|info\.php|server-status"
    r"|actuator|manager/html|solr/|cgi-bin/|vendor/phpunit|boaform|hnap1|owa/|ecp/|autodiscover|_ignition|telescope"
    r"|jenkins|console/|druid/|nacos/|geoserver|debug/|id_rsa|docker-compose|web\.config|shell\.php|wso\.php|c99\.php)"
    r"|/(?:backup|dump|db|database|site|www|config|credentials|secrets)\.(?:zip|sql|tar|tar\.gz|tgz|bak|old|json|php|ya?ml)$"
)
_LOOKUP = re.compile(r"\$\{(?:(?:lower|upper):|[^{}]{0,40}?:-)([^{}]{0,10})\}")
_COMMENT = re.compile(r"/\*(?!!)[^*]{0,64}\*/|/\*!\d{0,6}|\*/")
_BLANKS = re.compile(r"\s+")


def broken_rule(request: Request) -> Rule | None:
    """Return the first rule of the table that the request breaks; None for an ordinary request."""
    broken = _broken(request.target, "target"), _broken(request.agent, "headers"), _broken(request.referer, "headers")
    return min((rule for rule in broken if rule), key=PAYLOAD_RULES.index) if any(broken) else None


@lru_cache(maxsize=2048)
def _broken(text: str, part: Literal["target", "headers"]) -> Rule | None:
    """Judge one part of a request; the same few texts make up most of a log."""
    revealed = reveal(text)
    return next((rule for rule in PAYLOAD_RULES if rule.within in {part, "both"} and rule.matches(revealed)), None)


@lru_cache(maxsize=2048)
def known_hole(path: str) -> bool:
    """Tell whether `path` is one that only scanners ask this site for (an admin page, a key file, a backup)."""
    return _KNOWN_HOLES.search(path.lower()) is not None


def reveal(text: str) -> str:
    """Undo what hides an attack, as the server and its parts would.

    Takes off up to three layers of percent-encoding, HTML entities, SQL comments between words, overlong UTF-8 slashes
    and nested `${lower:j}` lookups; lower-cases and folds each run of blanks into one (a line feed stays, it ends a
    shell command). At most 8,192 characters are looked at, which is where web servers cut a request line.

    Args:
        text: A target or a header as logged.
    """
    text = text[:LONGEST_TEXT].lower().replace("&", SEPARATOR)
    for _ in range(3):
        if "%" not in text and "+" not in text:
            break
        text = text.replace("%c0%af", "/").replace("%c1%9c", "\\")
        text = unquote_plus(text, errors="replace").lower()
    if "&#" in text or "&lt" in text:
        text = unescape(text)
    if "/*" in text:
        text = _COMMENT.sub(" ", text)
    for _ in range(4):
        if "${" not in text:
            break
        text = _LOOKUP.sub(r"\1", text)
    return _BLANKS.sub(lambda blanks: "\n" if "\n" in blanks[0] else " ", text)
