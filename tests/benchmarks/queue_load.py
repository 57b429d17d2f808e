"""How fast the queue is, by its length and by the number of annotators: over HTTP, on the real web server and Postgres.

    python -m tests.benchmarks.queue_load [--clips 1000 100000 1000000] [--annotators 1 8 32] [--seconds 10] [--json]

The study is simulated, made by SQL, and a round of it serves: each answer tells the live queue. The server is started
as `make demo` starts it, on servers of its own in a temporary folder, with durable commits. Annotators are programs in
processes of their own that answer as fast as they are let; a pair is one submit that returns the next clip, permissions
and audit on. `ratio_to_bare` compares pairs with a POST that only says who asks, on the same server just before.
`duplicates`: clips that got more than their one answer; `lost`: answers that were acknowledged and are not in the
database. A claim alone is timed after giving a clip back.

At the end, a ranking of the largest study with scores and predictions is published while 8 annotators work who look at
each clip for half a second: how long it took, and what they noticed. With `--json` one object a line, a row for each
cell. About 20 minutes for all of it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.benchmarks import queue_seed
from tests.benchmarks.servers import own_servers, web_server

if TYPE_CHECKING:
    from annotator.models import Study, User

N_CLIENTS = 2
N_WHILE_PUBLISHING = 8
LOOK_S = 0.5
FEW_CLIPS = 50_000


@contextmanager
def servers() -> Iterator[Path]:
    """Postgres and broker as the demo runs them; nothing is left after the block."""
    with own_servers(settings_module="tests.benchmarks.queue_site", is_durable=True) as var:
        from django.conf import settings

        queue_seed.write_files(settings.DERIVED_ROOT)
        yield var


class Crowd:
    """Annotators of a study, as load on a server."""

    def __init__(self, study: Study, n: int, port: int) -> None:
        from annotator.domain import people

        self.study, self.port = study, port
        n_before = study.memberships.count()
        self.users = [_member(study, f"{study.slug}-{n_before + number}") for number in range(n)]
        self.tokens = [people.issue_token(user, "bench") for user in self.users]

    def label(self, seconds: float, *, pause_s: float = 0.0) -> list[dict[str, Any]]:
        return self._run(seconds=seconds, bare=False, pause_s=pause_s)

    def bare_per_s(self, seconds: float) -> float:
        return sum(len(one["times"]) for one in self._run(seconds=seconds, bare=True)) / seconds

    def _run(self, **asked: object) -> list[dict[str, Any]]:
        common = {"host": "127.0.0.1", "port": self.port, "slug": self.study.slug, **asked}
        groups = [part for start in range(N_CLIENTS) if (part := self.tokens[start::N_CLIENTS])]
        started = [_client({**common, "tokens": tokens}) for tokens in groups]
        return [row for process in started for row in _result(process)]


def _member(study: Study, name: str) -> User:
    from annotator.domain import people, studies
    from annotator.enums import Role

    user = people.create_user(name, password=None)
    studies.add_member(study, user, Role.ANNOTATOR, actor=None)
    return user


def _client(asked: dict[str, Any]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.benchmarks.queue_client"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    process.stdin.write(json.dumps(asked))
    process.stdin.close()
    return process


def _result(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    assert process.stdout is not None
    said = process.stdout.read()
    if process.wait():
        raise RuntimeError("a client failed; its error stands above")
    rows: list[dict[str, Any]] = json.loads(said)
    return rows


def measure(study: Study, n_clips: int, n_annotators: int, *, port: int, seconds: float) -> dict[str, Any]:
    crowd = Crowd(study, n_annotators, port)
    crowd.bare_per_s(1.0)  # connections, caches
    bare_per_s = crowd.bare_per_s(seconds / 2)
    rows = crowd.label(seconds)
    pairs_per_s = sum(len(row["submits"]) for row in rows) / max(row["seconds"] for row in rows)
    return {
        "clips": n_clips,
        "annotators": n_annotators,
        **_times(rows),
        "pairs_per_s": round(pairs_per_s, 1),
        "ratio_to_bare": round(pairs_per_s / bare_per_s, 3),
        "bare_per_s": round(bare_per_s, 1),
        **_faults(study, rows),
    }


def _times(rows: Sequence[dict[str, Any]]) -> dict[str, float | None]:
    claims = [1000 * s for row in rows for s in row["claims"]]
    submits = [1000 * s for row in rows for s in row["submits"]]
    return {
        "claim_p50_ms": _percentile(claims, 50),
        "claim_p95_ms": _percentile(claims, 95),
        "submit_p50_ms": _percentile(submits, 50),
        "submit_p95_ms": _percentile(submits, 95),
    }


def _percentile(times: Sequence[float], share: float) -> float | None:
    return round(float(np.percentile(times, share)), 2) if times else None


def _faults(study: Study, rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    from annotator.models import Label

    stored = [tuple(pair) for row in rows for pair in row["stored"]]
    known = {(clip, str(key)) for clip, key in Label.objects.filter(study=study).values_list("clip_id", "uuid")}
    answers = Counter(clip for clip, _ in known)
    return {
        "duplicates": sum(n - 1 for n in answers.values() if n > 1),
        "lost": len([pair for pair in stored if pair not in known]),
    }


def publish_under_load(study: Study, n_clips: int, *, port: int) -> dict[str, Any]:
    """A round's ranking, with scores and predictions of every clip, while annotators work."""
    crowd = Crowd(study, N_WHILE_PUBLISHING, port)
    before = crowd.label(5.0, pause_s=LOOK_S)
    found: list[float] = []
    thread = Thread(target=lambda: found.append(_publish(study)))
    thread.start()
    rows = []
    while thread.is_alive():
        rows += crowd.label(5.0, pause_s=LOOK_S)
    thread.join()
    if not found:
        raise RuntimeError("publishing failed; its error stands above")
    times, quiet = _times(rows), _times(before)
    return {
        "published_clips": n_clips,
        "publish_s": round(found[0], 1),
        "annotators": N_WHILE_PUBLISHING,
        "submit_p95_ms_before": quiet["submit_p95_ms"],
        "submit_p95_ms_meanwhile": times["submit_p95_ms"],
        "longest_wait_ms": round(max(1000 * s for row in rows for s in row["submits"]), 1),
        "pairs_per_s_meanwhile": round(sum(len(row["submits"]) for row in rows) / (5.0 * len(rows) / 8), 1),
        **_faults(study, [*before, *rows]),
    }


def _publish(study: Study) -> float:
    from django.db import connection

    took_s = queue_seed.publish_round(study, number=2)
    connection.close()
    return took_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, nargs="+", default=[1_000, 100_000, 1_000_000])
    parser.add_argument("--annotators", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--seconds", type=float, default=10.0, help="of each cell")
    parser.add_argument("--json", action="store_true", help="one object a line")
    asked = parser.parse_args()
    with servers() as var, web_server(var) as port:
        for n_clips in asked.clips:
            study = None
            for n_annotators in asked.annotators:
                if study is None or n_clips < FEW_CLIPS:  # a short queue may be empty by now
                    study = _make(n_clips, n_annotators)
                _say(measure(study, n_clips, n_annotators, port=port, seconds=asked.seconds), as_json=asked.json)
        if study is None or n_clips < FEW_CLIPS:
            study = _make(n_clips, N_WHILE_PUBLISHING + 1)
        _say(publish_under_load(study, n_clips, port=port), as_json=asked.json)


def _make(n_clips: int, n_annotators: int) -> Study:
    begin = time.perf_counter()
    study = queue_seed.make_big_study(f"bench-{n_clips}-{n_annotators}", n_clips)
    queue_seed.publish_round(study, number=1)
    study.refresh_from_db()
    print(f"{n_clips} clips made in {time.perf_counter() - begin:.0f} s", file=sys.stderr)
    return study


def _say(row: dict[str, Any], *, as_json: bool) -> None:
    print(json.dumps(row) if as_json else "  ".join(f"{name} {value}" for name, value in row.items()), flush=True)


if __name__ == "__main__":
    main()
