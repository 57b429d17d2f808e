"""What an annotator is given next. The statement itself is `concord_claim` in the database (migration 0015)."""

from __future__ import annotations

from datetime import datetime, timedelta

from annotator.domain import newcomers
from annotator.domain.leases import expire_overdue
from annotator.domain.said import SHOWN_SCORES
from annotator.domain.statements import fetch_one
from annotator.enums import Stage
from annotator.models import Study, User

CLAIM = """
SELECT concord_claim(%(study)s::bigint, %(user)s::bigint, %(reserve)s::integer, %(now)s::timestamptz,
                     %(expires)s::timestamptz, %(shown)s::text[])
"""


def top_up(study: Study, user: User, *, now: datetime) -> None:
    """Takes back what ran out, and leases the best clips that this annotator may be given, up to the study's reserve.

    A newcomer is given the next practice clip once it is time for it, and nothing else before they are through.
    For a caller whose transaction has called `queueing.lock_annotator`.
    """
    if not newcomers.is_through(study, user):
        expire_overdue(study.pk, now=now)
        stage = newcomers.advance(study, user, now=now).stage
        if stage is Stage.PRACTICE:
            newcomers.serve_practice(study, user, now=now)
        if stage is not Stage.DONE:
            return
    fetch_one(CLAIM, arguments(study, user, now=now))


def arguments(study: Study, user: User, *, now: datetime) -> dict[str, object]:
    return {
        "study": study.pk,
        "user": user.pk,
        "reserve": study.reserve,
        "now": now,
        "expires": now + timedelta(seconds=study.lease_s),
        "shown": list(SHOWN_SCORES),
    }
