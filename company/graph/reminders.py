"""What the journal says of memories: which ones a role was reminded of, which it keeps; and no word of any of them."""

from collections.abc import Sequence

from company import events
from company.events import Draft, Json
from company.governor import Scope
from company.home import Kept
from company.memory import Recalled

_PLACES = 4


def told(scope: Scope, memories: Sequence[Recalled]) -> list[Draft]:
    """Return the event that tells of it; none when the role was reminded of nothing."""
    if not memories:
        return []
    value = {"role": scope.role.id, "items": [_item(memory) for memory in memories]}
    return [scope.draft(events.custom("memory.recalled", value), debug=True)]


def kept_of(scope: Scope, found: Sequence[Kept]) -> list[Draft]:
    """Return the events that tell what roles keep of a run, one for each of them."""
    notes = [{"role": kept.role, "count": len(kept.ids), "ids": kept.ids, "proposed": kept.proposed} for kept in found]
    return [scope.draft(events.custom("memory.kept", note), debug=True) for note in notes]


def _item(memory: Recalled) -> Json:
    return {
        "id": memory.id,
        "kind": memory.kind,
        "source": memory.source,
        "date": (memory.valid_from or memory.at).isoformat(),
        "tainted": memory.tainted,
        "score": memory.score,
        "parts": {name: round(part, _PLACES) for name, part in memory.parts.items() if round(part, _PLACES)},
    }
