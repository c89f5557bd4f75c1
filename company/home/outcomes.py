"""What came of what the roles did, read from the departments' public services and from people's decisions.

Trades are held against the conviction that was stated for them, posts against what their channel reached before, alerts
against what people decided about them and what other rules saw of the same source. Reading decides nothing; lessons are
made of it by `company.memory.reflecting`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from company.defence import Alert
from company.memory.reflecting import Outcome, Rule
from company.roles import Role
from company.store import Approval
from company.studio import Engaged
from company.trading import Closed

LOOKED_AT = 200
"""Newest trades, posts, alerts and decisions that lessons are made of."""

_BLOCK = "block_source"
_DECIDED = {"approved": True, "done": True, "rejected": False}


def of_trades(closed: Sequence[Closed]) -> Iterator[Outcome]:
    """Yield what closed trades came to, the oldest first; those for which nobody stated a conviction teach nothing.

    Args:
        closed: Closed trades, the newest first.
    """
    for trade in reversed(closed):
        if trade.conviction is not None and trade.role:
            yield Outcome(f"trade {trade.id}", _of_symbol(trade), _traded(trade), trade.earned)


def of_posts(posts: Sequence[Engaged]) -> Iterator[Outcome]:
    """Yield how posts were received, the oldest first; the first one of a channel was held against nothing.

    Args:
        posts: Measured posts, the newest first.
    """
    for post in reversed(posts):
        if post.expected is None:
            continue
        came = f"{post.views} views, {post.likes} likes, {post.replies} replies after a day"
        text = f"Post {post.draft_id} about {post.topic} on {post.channel}: {came}, expected {post.expected} views."
        yield Outcome(f"post {post.draft_id}", _of_channel(post), text, post.views >= post.expected, post.sources)


def of_alerts(alerts: Sequence[Alert], decided: Sequence[Approval], roles: Mapping[str, Role]) -> Iterator[Outcome]:
    """Yield which alerts turned out true or false, the oldest first.

    An alert is confirmed when a person let its source be blocked, or when a second rule caught the same source in
    something else; it was false when a person refused the block. Of any other nobody knows.

    Args:
        alerts: Alerts, the newest first.
        decided: Approvals, the newest first.
        roles: The company's roles; the lessons are those of the first one of the defence.
    """
    keeper = next((role.id for role in roles.values() if role.department == "defence"), "")
    blocks = {str(one.arguments.get("address")): one for one in reversed(decided) if one.tool == _BLOCK}
    kinds: defaultdict[str, list[Alert]] = defaultdict(list)
    for alert in reversed(alerts):
        kinds[alert.source].append(alert)
    for alert in reversed(alerts if keeper else ()):
        found = _verdict(alert, blocks.get(alert.source), kinds[alert.source])
        if found is not None:
            text = f"Alert {alert.id}, {alert.kind} from {alert.source}, {alert.severity}: {found[1]}."
            yield Outcome(f"alert {alert.id}", _of_kind(keeper, alert), text, found[0])


def _verdict(alert: Alert, block: Approval | None, same_source: Sequence[Alert]) -> tuple[bool, str] | None:
    if block is not None and block.state in _DECIDED:
        right = _DECIDED[block.state]
        return right, f"a person {'let' if right else 'did not let'} its source be blocked ({block.id})"
    other = next((one for one in same_source if one.kind != alert.kind), None)
    return (True, f"the same source was caught in {other.kind} as well ({other.id})") if other else None


def _traded(trade: Closed) -> str:
    horizon = f" for {trade.horizon_hours} h" if trade.horizon_hours is not None else ""
    bought = f"{trade.symbol} was bought with conviction {trade.conviction}{horizon}"
    return f"{bought} and sold after {trade.held_hours} h: {trade.result} after all fees ({trade.id})."


def _of_symbol(trade: Closed) -> Rule:
    return Rule(
        role=trade.role,
        subject=trade.symbol,
        topic="lesson of closed trades",
        when=f"the consensus wishes to buy {trade.symbol}",
        held="its conviction was borne out, so size by it",
        failed="its conviction was not borne out, so ask for less than it states",
    )


def _of_channel(post: Engaged) -> Rule:
    return Rule(
        role=post.author,
        subject=f"{post.channel}: {post.topic}"[:60],
        topic="lesson of engagement",
        when=f"a post about {post.topic} is due on {post.channel}",
        held="it reaches what the channel usually reaches, so keep to it",
        failed="it reaches less than the channel usually does, so choose another subject or form",
    )


def _of_kind(keeper: str, alert: Alert) -> Rule:
    return Rule(
        role=keeper,
        subject=alert.kind,
        topic="lesson of alerts",
        when=f"an alert of {alert.kind} is raised",
        held="such alerts were confirmed, so have the source blocked at once",
        failed="people found such alerts false, so read the sample before asking for a block",
    )
