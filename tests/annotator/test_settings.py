"""Settings are read by a fresh interpreter each time, as at a real start."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import Client

REPOSITORY = Path(__file__).resolve().parents[2]
READ = "import json, sys; from annotator import settings as s; print(json.dumps(eval(sys.argv[1]), default=str))"


def start(expression: str, **environment: object) -> subprocess.CompletedProcess[str]:
    given = {name: str(value) for name, value in environment.items()}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CONCORD_")}
    return subprocess.run(
        [sys.executable, "-c", READ, expression],
        cwd=REPOSITORY,
        env={**clean, **given},
        capture_output=True,
        text=True,
        check=False,
    )


def read(expression: str, **environment: object) -> Any:
    done = start(expression, **environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def refusal(**environment: object) -> str:
    done = start("1", **environment)
    assert done.returncode != 0
    return done.stderr.strip().splitlines()[-1].removeprefix("django.core.exceptions.ImproperlyConfigured: ")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("CONCORD_DEBUG", "maybe", "CONCORD_DEBUG='maybe': expected 1 or 0."),
        ("CONCORD_HSTS_S", "-3", "CONCORD_HSTS_S='-3': expected a whole number."),
        ("CONCORD_SECRET_KEY", "short", "CONCORD_SECRET_KEY is too short: expected at least 32 characters."),
        ("REDIS_URL", "http://here", "REDIS_URL=http://…: expected one of redis, rediss, redis+socket://."),
    ],
)
def test_a_value_that_cannot_be_used_stops_the_start_with_one_sentence(
    tmp_path: Path, name: str, value: str, sentence: str
) -> None:
    assert refusal(CONCORD_VAR=tmp_path, **{name: value}) == sentence


@pytest.mark.parametrize("url", ["sqlite:///db.sqlite3", "mysql://root@here/db", "postgresql://here", "concord"])
def test_postgres_is_the_only_database_and_a_refusal_shows_no_password(tmp_path: Path, url: str) -> None:
    sentence = refusal(CONCORD_VAR=tmp_path, DATABASE_URL=url)
    assert sentence.startswith("DATABASE_URL=")
    assert "Postgres is the only database" in sentence
    assert "root" not in sentence


def test_an_address_is_taken_apart(tmp_path: Path) -> None:
    url = "postgresql://lab:p%40ss@db.example:6000/eeg?sslmode=require"
    found = read("s.DATABASES['default']", CONCORD_VAR=tmp_path, DATABASE_URL=url)
    assert {key: found[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")} == {
        "NAME": "eeg",
        "USER": "lab",
        "PASSWORD": "p@ss",
        "HOST": "db.example",
        "PORT": "6000",
    }
    assert found["OPTIONS"]["sslmode"] == "require"


def test_statements_are_prepared_unless_a_pooler_forbids_it(tmp_path: Path) -> None:
    threshold = "s.DATABASES['default']['OPTIONS']['prepare_threshold']"
    assert read(threshold, CONCORD_VAR=tmp_path) == 5
    assert read(threshold, CONCORD_VAR=tmp_path, CONCORD_PREPARED_STATEMENTS=0) is None


def test_without_addresses_the_embedded_servers_are_ours_else_not(tmp_path: Path) -> None:
    both = "[s.EMBEDDED.postgres, s.EMBEDDED.valkey]"
    assert read(both, CONCORD_VAR=tmp_path) == [True, True]
    assert read(both, CONCORD_VAR=tmp_path, DATABASE_URL="postgresql://a@b/c") == [False, True]
    assert read(both, CONCORD_VAR=tmp_path, REDIS_URL="redis://b/0") == [True, False]


def test_importing_settings_starts_nothing_and_writes_only_the_secret(tmp_path: Path) -> None:
    read("s.VAR", CONCORD_VAR=tmp_path / "var")
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret_key"]


def test_the_secret_is_made_once_by_many_starts_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as starts:
        keys = set(starts.map(lambda _: read("s.SECRET_KEY", CONCORD_VAR=tmp_path), range(4)))
    assert len(keys) == 1
    assert len(keys.pop()) >= 50
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_https_makes_cookies_secure_and_redirects(tmp_path: Path) -> None:
    expression = "[s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT]"
    assert read(expression, CONCORD_VAR=tmp_path, CONCORD_HTTPS=1) == [True] * 3
    assert read(expression, CONCORD_VAR=tmp_path) == [False] * 3


def test_no_task_may_outlast_its_message() -> None:
    from django.conf import settings

    assert settings.CELERY["broker_transport_options"]["visibility_timeout"] >= settings.LONGEST_TASK_S
    assert settings.CELERY["accept_content"] == ["json"]
    assert settings.CELERY["task_acks_late"] is True


def test_every_path_lies_below_var_unless_told_otherwise(tmp_path: Path) -> None:
    names = "[s.DERIVED_ROOT, s.MODEL_ROOT, s.EXPORT_ROOT, s.UPLOAD_ROOT, s.ORIGINALS_ROOT, *s.IMPORT_ROOTS]"
    assert all(path.startswith(str(tmp_path)) for path in read(names, CONCORD_VAR=tmp_path))
    assert read("s.DERIVED_ROOT", CONCORD_VAR=tmp_path, CONCORD_DERIVED_ROOT="/big/disk") == "/big/disk"


@pytest.mark.django_db
def test_answers_carry_the_security_headers() -> None:
    answer = Client().get("/healthz")
    assert answer.json() == {"status": "ok"}
    policy = answer.headers["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["script-src"] == "'self'"
    assert rules["default-src"] == rules["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.django_db
def test_a_stranger_host_is_refused() -> None:
    assert Client(headers={"host": "evil.example"}).get("/healthz").status_code == 400


def test_a_misspelt_variable_is_pointed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONCORD_DEBUGG", "1")
    found = {message.id: message.msg for message in run_checks()}
    assert found["concord.W001"] == "The environment sets CONCORD_DEBUGG, which no setting reads."


def test_a_secret_that_others_can_read_is_pointed_out() -> None:
    from django.conf import settings

    path = settings.VAR / "secret_key"
    assert "concord.W002" not in {message.id for message in run_checks()}
    path.chmod(0o644)
    assert "concord.W002" in {message.id for message in run_checks()}
    path.chmod(0o600)
