"""What `company doctor` says of those who tell people and programs what happens: notifiers and webhooks."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from company.errors import UsageError

if TYPE_CHECKING:
    from company.home import Company


def checks(company: "Company") -> Iterator[tuple[str, bool, str]]:
    """Say of each notifier whether it could tell, and of each notifier and webhook whether it gave up.

    No code of a package is imported and nobody is told anything.
    """
    if not company.settings.notifiers and not company.settings.webhooks:
        return
    from company.home import open_secrets
    from company.server.doors import notifiers, webhooks
    from company.server.doors.followers import parked

    secrets, settings = open_secrets(company.state, company.store, os.environ), company.settings
    try:
        notifiers.notifier_points(company, os.environ)
    except UsageError as error:
        yield "notifier", False, " ".join(str(error).split())
    for name, section in settings.notifiers.items():
        lacking = [stored for stored in section.stored(name) if secrets.get(stored) is None]
        gave_up = parked(company.store, notifiers.KIND, name)
        told = f"{name} ({section.kind}) tells {', '.join(section.events) or 'everything there is to tell'}"
        notes = [f"no secret: company key set {stored}" for stored in lacking]
        yield "notifier", not (lacking or gave_up), "; ".join([told, *notes, *_given_up(gave_up)])
    for place, hook in enumerate(settings.webhooks):
        gave_up = parked(company.store, webhooks.KIND, webhooks.hook_key(place, settings.webhooks))
        yield "webhook", not gave_up, "; ".join([webhooks.host_of(hook.url), *_given_up(gave_up)])


def _given_up(kept: "dict[str, object] | None") -> list[str]:
    if kept is None:
        return []
    return [f"gave up after event {kept['cursor']}: {kept['parked']}; the next company serve tries again"]
