from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from kombu import Connection

from annotator import jobs

REPOSITORY = Path(__file__).resolve().parents[2]


def test_a_message_carries_the_id_only_and_lies_on_its_queue(broker: str) -> None:
    jobs.send("concord.round", job_id=41, queue="gpu")
    with Connection(broker) as link, link.SimpleQueue("gpu") as queue:
        message = queue.get(timeout=5)
        message.ack()
    assert message.headers["task"] == "concord.round"
    assert message.content_type == "application/json"
    assert message.payload[:2] == [[41], {}]


def test_a_broker_that_is_away_is_no_error_of_the_callers(tmp_path: Path) -> None:
    code = (
        "import django; django.setup(); from annotator import jobs; jobs.send('concord.round', job_id=7, queue='gpu')"
    )
    environment = {**os.environ, "REDIS_URL": f"redis+socket://{tmp_path}/no.sock", "CONCORD_VAR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "The broker did not take job 7" in done.stderr
    assert "the sweep will send it again" in done.stderr
