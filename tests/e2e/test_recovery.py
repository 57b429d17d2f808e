"""kill -9 in the middle of a round of the running system: supervisor, sweep and checkpoint bring it home."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from playwright.sync_api import expect

from tests.e2e.browser import People
from tests.e2e.system import System, logs_of, wait_until

N_EPOCHS = 50
STAGES = ("teacher", "student", "teacher 2", "student 2")
#: long enough to be hit in the middle, and never ended early
LONG = {"n_members": 2, **{stage: {"n_epochs": N_EPOCHS, "patience": N_EPOCHS} for stage in STAGES[:2]}}
PATIENCE_S = 240.0


class Api:
    """The system's API, as a program with a token uses it."""

    def __init__(self, system: System) -> None:
        self.root = f"{system.address}/api/v1"
        printed = system.manage("api_token", "admin", "--name", "recovery test")
        self.token = next(word for word in printed.split() if word.startswith("concord_"))

    def ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{self.root}{path}", data=data, headers=headers), timeout=30) as response:
            answer: dict[str, Any] = json.load(response)
        return answer


def gpu_workers(system: System) -> set[int]:
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command, given = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
        except OSError:  # it has just ended, or is another person's
            continue
        if os.fsencode(system.var) in given and b"\0--queues\0gpu\0" in command:
            found.add(int(entry.name))
    return found


def test_a_round_shows_its_epochs_and_outlives_its_killed_worker(system: System, people: People) -> None:
    api = Api(system)
    address = f"/studies/demo/rounds/{api.ask('/studies/demo/rounds', {'config': LONG})['number']}"
    page = people.sign_in("admin")
    page.goto("/studies/demo/rounds/")
    progress = re.compile(rf"Network \d of 2, (teacher|student): epoch \d+ of {N_EPOCHS}, loss -?\d+\.\d+")
    expect(page.get_by_test_id("live-round")).to_contain_text(progress)
    wait_until(lambda: len(api.ask(address)["history"]) >= 5, PATIENCE_S, lambda: logs_of(system.var))

    killed = gpu_workers(system)
    assert killed
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    assert api.ask(address)["state"] == "running"

    wait_until(lambda: api.ask(address)["state"] != "running", PATIENCE_S, lambda: logs_of(system.var))
    round_ = api.ask(address)
    assert (round_["state"], round_["error"]) == ("published", "")
    epochs = [(row["stage"], row["epoch"]) for row in round_["history"]]
    assert epochs == [(stage, epoch) for stage in STAGES for epoch in range(1, N_EPOCHS + 1)]
    attempts = [row["attempt"] for row in round_["history"]]
    assert attempts == sorted(attempts)
    assert (attempts[0], attempts[-1]) == (1, 2)
    assert gpu_workers(system)
    assert not gpu_workers(system) & killed
