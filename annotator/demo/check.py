"""`demo --check`: every step of the main job once, on data of its own, and one line of JSON about it."""

from __future__ import annotations

import http.cookiejar
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode, urlsplit, urlunsplit
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

import psycopg
from django.conf import settings
from psycopg import sql

from annotator.demo import run
from annotator.demo.console import Console, DemoError
from annotator.demo.supervisor import dies_with_parent
from annotator.domain.exporting import request_export
from annotator.domain.rounds import launch_round
from annotator.enums import ExportFormat, RoundState
from annotator.models import Export, Label, RankEntry, Round

#: the check proves the way from recording to export, for which one network does; a study's rounds train several
QUICK = {"n_members": 1}

# --- in a process of its own, so that its settings name its own folder and database ----------------------------------


def check_apart(arguments: list[str], console: Console) -> int:
    """The check leaves the data that are there alone: it has a folder, a database and broker keys of its own."""
    settings.VAR.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="check-", dir=settings.VAR))
    with _own_database() as database_url:
        environment = {**os.environ, "CONCORD_VAR": str(folder), "CONCORD_BROKER_PREFIX": f"{folder.name}-"}
        environment.update({"DATABASE_URL": database_url} if database_url else {})
        command = [*dies_with_parent(), sys.executable, "manage.py", "demo", "--check", "--in-place", *arguments]
        code = _run(command, environment)
    if code:
        console.say(f"What the check left, its logs among it, lies in {folder}.")
    else:
        shutil.rmtree(folder)
    return code


def _run(command: list[str], environment: Mapping[str, str]) -> int:
    """Ctrl-C reaches the child by itself; `kill` is handed on."""
    with subprocess.Popen(command, cwd=settings.BASE_DIR, env=dict(environment)) as child:  # noqa: S603 - our own program
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda number, frame: child.terminate())
        return child.wait()


@contextmanager
def _own_database() -> Iterator[str]:
    """On the server of DATABASE_URL; the embedded one needs none, it gets its own folder."""
    if not settings.DATABASE_URL:
        yield ""
        return
    name = f"concord_check_{secrets.token_hex(6)}"
    parts = urlsplit(settings.DATABASE_URL)
    try:
        with psycopg.connect(settings.DATABASE_URL, autocommit=True) as link:
            link.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except psycopg.Error as error:
        raise DemoError(f"The check needs a database of its own beside that of DATABASE_URL: {error}") from error
    try:
        yield urlunsplit(parts._replace(path=f"/{quote(name)}"))
    finally:
        with psycopg.connect(settings.DATABASE_URL, autocommit=True) as link:
            link.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


# --- the check itself ------------------------------------------------------------------------------------------------


def check(options: run.Options, console: Console) -> dict[str, Any]:
    """What was found, or DemoError at the first step that did not do what it should."""
    begun = time.monotonic()
    with run.running(options, console) as demo:
        found = _count(demo)
        round_ = _round(demo)
        found |= {"round": round_.number, "ranked": RankEntry.objects.filter(ranking__round=round_).count()}
        _require(found["ranked"] > 0, "The round ranked no clip.")
        found["exported_rows"] = _export(demo)
        _require(found["exported_rows"] == found["labels"], "The export does not hold every label.")
        found["page_status"] = label_page_status(options.address, "annotator", demo.passwords["annotator"])
        _require(found["page_status"] == 200, f"The label page answered {found['page_status']}.")
    return {**found, "seconds": round(time.monotonic() - begun, 1)}


def _count(demo: run.Demo) -> dict[str, Any]:
    study, size = demo.cast.study, demo.options.size
    n_sessions, n_labels = study.sessions.count(), Label.objects.filter(study=study).count()
    _require(n_sessions == size.n_subjects * size.n_trials, f"{n_sessions} sessions were imported.")
    _require(n_labels > 0, "The simulated annotators gave no label.")
    return {"sessions": n_sessions, "clips": study.clips.count(), "labels": n_labels}


def _round(demo: run.Demo) -> Round:
    demo.console.say("One round: training, scoring, ranking …")
    round_ = launch_round(demo.cast.study, actor=demo.cast.users["admin"], config=QUICK)
    demo.wait_for(round_.job)
    round_.refresh_from_db()
    _require(round_.state == RoundState.PUBLISHED, f"The round was not published: {round_.error or round_.state}")
    return round_


def _export(demo: run.Demo) -> int:
    export = request_export(demo.cast.study, actor=demo.cast.users["researcher"], format=ExportFormat.CSV)
    job = demo.wait_for(export.job)
    stored = Export.objects.get(pk=export.pk)
    _require(stored.rows is not None, f"The export failed: {job.reason}")
    _require((settings.EXPORT_ROOT / stored.path).exists(), f"The exported {stored.path} is not there.")
    return stored.rows or 0


def _require(condition: bool, sentence: str) -> None:
    if not condition:
        raise DemoError(sentence)


# --- the page, as a browser fetches it -------------------------------------------------------------------------------


def label_page_status(address: str, username: str, password: str) -> int:
    """Log in through the form and open the label page; a way back to the login page counts as 401."""
    cookies = http.cookiejar.CookieJar()
    browser = build_opener(HTTPCookieProcessor(cookies))
    browser.open(f"{address}login/", timeout=30).close()
    token = next((cookie.value or "" for cookie in cookies if cookie.name == "csrftoken"), "")
    form = urlencode({"username": username, "password": password, "csrfmiddlewaretoken": token})
    _status(browser, f"{address}login/", form.encode())
    return _status(browser, f"{address}studies/demo/label/")


def _status(browser: OpenerDirector, url: str, data: bytes | None = None) -> int:
    try:
        with browser.open(url, data=data, timeout=60) as response:
            return 401 if "/login/" in response.url else int(response.status)
    except HTTPError as error:
        return error.code


def report(found: Mapping[str, Any]) -> str:
    return json.dumps(dict(found))
