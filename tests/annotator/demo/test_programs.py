"""The entry points of docker/compose.yml and `make demo`, started for real."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from annotator.demo import preflight, programs
from annotator.demo.run import answers
from annotator.demo.supervisor import Supervisor
from annotator.jobs import app


@pytest.mark.e2e
@pytest.mark.django_db(transaction=True)
def test_web_workers_and_beat_start_and_answer(tmp_path: Path, broker: str) -> None:
    port = preflight.free_port("127.0.0.1")
    place = f"host={connection.settings_dict['HOST']}".replace("/", "%2F")
    environment = {
        **programs.environment("127.0.0.1"),
        "DATABASE_URL": f"postgresql://concord@/{connection.settings_dict['NAME']}?{place}",
        "REDIS_URL": broker,
    }
    said: list[str] = []
    started = programs.programs("127.0.0.1", port)
    with Supervisor(started, tmp_path / "log", settings.BASE_DIR, environment, said.append) as supervisor:
        url = f"http://127.0.0.1:{port}/healthz"
        assert supervisor.watch_until(lambda: answers(url), timeout_s=60), _logs(tmp_path)
        assert supervisor.watch_until(lambda: len(_workers()) == 3, timeout_s=120), _logs(tmp_path)
        beat = tmp_path / "log" / "beat.log"
        assert supervisor.watch_until(lambda: "concord.sweep" in beat.read_text(), timeout_s=60), _logs(tmp_path)
    assert said == []


def _workers() -> list[str]:
    return sorted(name.split("@")[0] for answer in app.control.ping(timeout=1.0) or [] for name in answer)


def _logs(folder: Path) -> str:
    return "\n".join(f"== {path.name}\n{path.read_text()[-2000:]}" for path in (folder / "log").iterdir())
