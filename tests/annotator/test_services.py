from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection


@pytest.mark.django_db
def test_the_database_is_a_real_postgres() -> None:
    with connection.cursor() as cursor:
        cursor.execute("show server_version_num")
        assert int(cursor.fetchone()[0]) >= 160000


def test_the_broker_carries_a_message(broker: str, servers: Path) -> None:
    from celery import Celery

    app = Celery(broker=broker)
    with app.connection() as link:
        queue = link.SimpleQueue("here")
        queue.put({"job": 7})
        assert queue.get(timeout=5).payload == {"job": 7}
        queue.close()
