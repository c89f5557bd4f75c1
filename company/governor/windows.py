"""How long a prompt may be: what a model's context leaves, or what the model was found to take.

A conversation that is too long is cut (company/llm/compaction.py) and the journal says what went. A provider that
reports an overflow has counted for itself and knows better than our estimate: from then on the model gets half of what
was too much, which is remembered for all roles as long as the process lives.
"""

from dataclasses import replace

from company import events
from company.governor.answer import Question
from company.llm import Mind
from company.llm.compaction import compact, estimate_tokens
from company.store import Journal

LEAST = 1_024
"""Tokens below which no prompt is cut for its length: what is left then is instructions."""
_LEAST_TALK = 256


class Windows:
    """The longest prompts of the models in use.

    Args:
        journal: Told of what was cut.
        answer: Tokens of a context that are left for the answer.
    """

    def __init__(self, *, journal: Journal, answer: int) -> None:
        self._journal, self._answer = journal, answer
        self._found: dict[str, int] = {}

    def fit(self, question: Question, mind: Mind) -> Question:
        """Return the question, cut where it is too long for the model; one that cannot be cut stays as it is."""
        window = self._found.get(mind.id, max(mind.capabilities.context - self._answer, LEAST))
        if question.tokens <= window:
            return question
        tools = question.tokens - estimate_tokens(question.talk)
        if (smaller := compact(question.talk, limit_tokens=max(window - tools, _LEAST_TALK))) is None:
            return question
        value = {
            "role": question.scope.role.id,
            "model": mind.id,
            "before": smaller.before,
            "after": smaller.after,
            "what": list(smaller.what),
        }
        self._journal.append([question.scope.draft(events.custom("context.compacted", value), debug=True)])
        return replace(question, talk=smaller.messages)

    def shrink(self, question: Question, mind: Mind) -> Question | None:
        """Learn that a question was too long, and return it shorter; None when nothing of it can go."""
        half = max(question.tokens // 2, LEAST)
        self._found[mind.id] = min(half, self._found.get(mind.id, half))
        smaller = self.fit(question, mind)
        return None if smaller is question else smaller
