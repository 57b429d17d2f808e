"""The claim walks the ranking from its best free clip: what it reads does not grow with the queue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from annotator.domain import queueing
from annotator.models import Study
from tests.factories.people import make_member
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def rows_read(study: Study, user_id: int) -> int:
    """Rows that the claim's plan touched in the ranking and among the slots."""
    now = timezone.now()
    arguments: dict[str, int | datetime] = {"study": study.pk, "user": user_id, "now": now, "expires": now}
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE annotator_slot, annotator_rankentry")
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {queueing._CLAIM}", arguments)
        (said,) = cursor.fetchone()
    plan = (json.loads(said) if isinstance(said, str) else said)[0]["Plan"]
    scans = [node for node in nodes(plan) if node.get("Relation Name") in ("annotator_slot", "annotator_rankentry")]
    assert scans
    return sum(
        round((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]) for node in scans
    )


def test_a_claim_reads_no_more_of_a_long_queue_than_of_a_short_one() -> None:
    cost = {}
    for n_clips in (100, 2000):
        study = make_study(n_subjects=4, n_clips=n_clips, test_clips_per_subject=0)
        cost[n_clips] = rows_read(study, make_member(study, f"ann-{n_clips}").pk)
    assert cost[2000] <= cost[100] + 50
    assert cost[2000] < 300
