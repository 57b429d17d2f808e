from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from celery import Celery
from django.db import connection

from annotator import services
from annotator.embedded.places import cluster_folder
from annotator.embedded.runner import runner_for
from annotator.settings import database

QUICK = services.Wanted(durable=False)
REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def var() -> Iterator[Path]:
    """A folder with a short path (sockets), whose servers are gone after the test."""
    folder = Path(tempfile.mkdtemp(prefix="concord-services-"))
    yield folder
    services.stop(folder)
    home = cluster_folder(folder).resolve().parent
    for place in {folder, home}:
        shutil.rmtree(place)


def query(var: Path, sql: str) -> object:
    facts = database(services.postgres_url(var))
    with psycopg.connect(host=facts["HOST"], user=facts["USER"], dbname=facts["NAME"], connect_timeout=5) as link:
        row = link.execute(sql.encode()).fetchone()
        return row[0] if row else None


def execute(var: Path, sql: str) -> None:
    facts = database(services.postgres_url(var))
    with psycopg.connect(host=facts["HOST"], user=facts["USER"], dbname=facts["NAME"], connect_timeout=5) as link:
        link.execute(sql.encode())


@pytest.mark.django_db
def test_the_tests_database_is_a_real_postgres() -> None:
    with connection.cursor() as cursor:
        cursor.execute("show server_version_num")
        assert int(cursor.fetchone()[0]) >= 160000


def test_the_broker_carries_a_message(broker: str) -> None:
    app = Celery(broker=broker)
    with app.connection() as link:
        queue = link.SimpleQueue("here")
        queue.put({"job": 7})
        assert queue.get(timeout=5).payload == {"job": 7}
        queue.close()


def test_starting_twice_is_as_good_as_once_and_data_survive_a_stop(var: Path) -> None:
    services.start(var, QUICK)
    first = (cluster_folder(var) / "postmaster.pid").read_text()
    services.start(var, QUICK)
    assert (cluster_folder(var) / "postmaster.pid").read_text() == first
    execute(var, "create table kept as select 7 as value")
    services.stop(var)
    assert services.status(var) == services.Status(postgres=False, valkey=False)
    services.start(var, QUICK)
    assert query(var, "select value from kept") == 7


def test_after_kill_9_both_start_again_with_their_data(var: Path) -> None:
    services.start(var, services.Wanted(valkey=True))
    execute(var, "create table kept as select 7 as value")
    postmaster = int((cluster_folder(var) / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    os.kill(int((var / "valkey" / "server.pid").read_text()), signal.SIGKILL)
    services.start(var, services.Wanted())
    assert services.status(var) == services.Status(postgres=True, valkey=True)
    assert query(var, "select value from kept") == 7


def test_a_stale_lock_whose_process_number_is_another_programs_by_now_is_removed(var: Path) -> None:
    services.start(var, services.Wanted(valkey=False, durable=False))
    lock = cluster_folder(var) / "postmaster.pid"
    rest = lock.read_text().split("\n", 1)[1]
    services.stop(var)
    lock.write_text(f"{os.getpid()}\n{rest}")
    services.start(var, services.Wanted(valkey=False, durable=False))
    assert services.status(var).postgres


def test_neither_server_listens_on_the_network_and_only_their_owner_reaches_them(var: Path) -> None:
    services.start(var, QUICK)
    assert query(var, "show listen_addresses") == ""
    assert services.socket_folder(var).stat().st_mode & 0o077 == 0


def test_who_leaves_last_stops_the_servers(var: Path) -> None:
    with services.running(var, QUICK):
        with services.running(var, QUICK):
            assert services.status(var) == services.Status(postgres=True, valkey=True)
        assert services.status(var) == services.Status(postgres=True, valkey=True)
    assert services.status(var) == services.Status(postgres=False, valkey=False)


def test_servers_that_were_asked_to_stay_do(var: Path) -> None:
    with services.running(var, QUICK):
        services.keep(var, kept=True)
    assert services.status(var) == services.Status(postgres=True, valkey=True)
    services.keep(var, kept=False)
    with services.running(var, QUICK):
        pass
    assert services.status(var) == services.Status(postgres=False, valkey=False)


def test_a_long_path_gets_its_sockets_elsewhere(var: Path) -> None:
    deep = var / ("a-rather-long-folder-name-" * 5)
    assert len(os.fsencode(services.socket_folder(deep) / ".s.PGSQL.5432")) <= 107
    services.start(deep, QUICK)
    assert query(deep, "select 1") == 1
    services.stop(deep)
    services.socket_folder(deep).rmdir()


def test_a_path_with_a_space_and_a_quote_works(var: Path) -> None:
    odd = var / "the lab's data"
    services.start(odd, QUICK)
    assert query(odd, "select 1") == 1
    app = Celery(broker=services.valkey_url(odd))
    with app.connection() as link:
        link.ensure_connection(max_retries=1)
        assert link.connected
    services.stop(odd)


def test_a_full_disk_is_one_sentence(var: Path) -> None:
    with pytest.raises(services.ServiceError, match=r"^The disk that holds .* is full: .* CONCORD_VAR") as caught:
        services.start(var, QUICK, min_free_bytes=2**62)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_none_is_one_sentence(var: Path) -> None:
    (var / "file").write_text("")
    with pytest.raises(services.ServiceError, match=r"^Concord can't write to .*: make it writable"):
        services.start(var / "file", QUICK)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_database_of_another_user_is_one_sentence(var: Path) -> None:
    services.start(var, QUICK)
    services.stop(var)
    shutil.chown(cluster_folder(var), 12345)
    with pytest.raises(services.ServiceError, match=r"belongs to user 12345: run Concord as that user"):
        services.start(var, QUICK)


@pytest.mark.skipif(os.geteuid() != 0, reason="Postgres refuses only root")
def test_root_is_seen_as_a_user_who_has_a_name_everywhere(var: Path) -> None:
    services.start(var, QUICK)
    (mapped,) = [word for word in runner_for(var).prefix if word.startswith("--map-user=")]
    assert pwd.getpwuid(int(mapped.removeprefix("--map-user="))).pw_name == "nobody"
    assert cluster_folder(var).owner() == "root"


@pytest.mark.skipif(os.geteuid() != 0, reason="Postgres refuses only root")
def test_root_without_user_namespaces_runs_postgres_as_nobody(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = var / "bin"
    programs.mkdir()
    for name in ("test", "ps"):
        (programs / name).symlink_to(shutil.which(name) or f"/usr/bin/{name}")
    monkeypatch.setenv("PATH", str(programs))
    services.start(var, QUICK)
    services.stop(var)
    services.start(var, QUICK)
    assert query(var, "select 1") == 1
    assert cluster_folder(var).owner() == "nobody"


def test_a_command_starts_the_servers_it_needs_and_stops_them_again(var: Path) -> None:
    environment = {**os.environ, "CONCORD_VAR": str(var)}
    command = [sys.executable, "manage.py", "migrate", "--plan"]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True)
    assert "0001_initial" in done.stdout
    assert (cluster_folder(var) / "PG_VERSION").exists()
    assert services.status(var) == services.Status(postgres=False, valkey=False)
