"""Annotators who answer as fast as the server lets them: one process for many, a connection and a token for each.

Reads one JSON object from stdin ({"host", "port", "slug", "tokens", "seconds", "bare", "pause_s"}), and writes one to
stdout.
"""

from __future__ import annotations

import json
import socket
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

VALUES = {"valence": 1, "arousal": 1}
#: after so many answers one clip is given back and another claimed, for the time that a claim alone takes
CLAIM_EVERY = 8


class Connection:
    """HTTP/1.1 on one socket, kept open; no more of it than these answers need."""

    def __init__(self, address: tuple[str, int], token: str) -> None:
        self._address, self._token = address, token
        self._socket: socket.socket | None = None

    def post(self, path: str, body: object = None) -> Any:
        text = json.dumps(body if body is not None else {}).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self._token}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
        status, said = self._exchange(head.encode() + text)
        if status not in (200, 204):
            raise RuntimeError(f"{path}: {status} {said[:300]!r}")
        return json.loads(said) if said else None

    def _exchange(self, request: bytes) -> tuple[int, bytes]:
        for _ in range(2):  # the server closes a connection that was idle for long
            if self._socket is None:
                self._socket = socket.create_connection(self._address, timeout=60)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(request)
            answer = self._read()
            if answer is not None:
                return answer
            self._socket.close()
            self._socket = None
        raise RuntimeError("the server closed the connection")

    def _read(self) -> tuple[int, bytes] | None:
        assert self._socket is not None
        got = b""
        while b"\r\n\r\n" not in got:
            more = self._socket.recv(65536)
            if not more:
                return None
            got += more
        head, _, body = got.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
        length = int(fields.get(b"content-length", b"0"))
        while len(body) < length:
            body += self._socket.recv(65536)
        if fields.get(b"connection", b"").strip() == b"close":
            self._socket.close()
            self._socket = None
        return int(head.split(b" ", 2)[1]), body


def label(http: Connection, slug: str, seconds: float, *, pause_s: float) -> dict[str, Any]:
    """Answers until the time is over, looking at each clip so long; how long each step took, and what was stored."""
    claims: list[float] = []
    submits: list[float] = []
    stored: list[tuple[int, str]] = []
    held = http.post(f"/api/v1/studies/{slug}/queue/claim")["held"]
    start = time.perf_counter()
    until = start + seconds
    while held and time.perf_counter() < until:
        if len(submits) % CLAIM_EVERY == CLAIM_EVERY - 1:
            http.post(f"/api/v1/clips/{held[-1]['clip_id']}/release")
            begin = time.perf_counter()
            held = http.post(f"/api/v1/studies/{slug}/queue/claim")["held"]
            claims.append(time.perf_counter() - begin)
            if not held:  # somebody else took the last one
                break
        time.sleep(pause_s)
        clip, key = held[0]["clip_id"], str(uuid.uuid4())
        begin = time.perf_counter()
        body = {"uuid": key, "answer": "label", "values": VALUES, "confidence": 2, "seconds_spent": 4.5}
        held = http.post(f"/api/v1/clips/{clip}/submit", body)["held"]
        submits.append(time.perf_counter() - begin)
        stored.append((clip, key))
    return {"claims": claims, "submits": submits, "stored": stored, "seconds": time.perf_counter() - start}


def greet(http: Connection, seconds: float) -> dict[str, Any]:
    times: list[float] = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        begin = time.perf_counter()
        http.post("/bare/hello")
        times.append(time.perf_counter() - begin)
    return {"times": times}


def main() -> None:
    asked = json.load(sys.stdin)
    address = (asked["host"], asked["port"])

    def work(token: str) -> dict[str, Any]:
        http = Connection(address, token)
        if asked["bare"]:
            return greet(http, asked["seconds"])
        return label(http, asked["slug"], asked["seconds"], pause_s=asked["pause_s"])

    with ThreadPoolExecutor(len(asked["tokens"])) as pool:
        json.dump(list(pool.map(work, asked["tokens"])), sys.stdout)


if __name__ == "__main__":
    main()
