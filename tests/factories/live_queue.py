"""What lies on a queue of the broker."""

from __future__ import annotations

from contextlib import suppress
from queue import Empty

from kombu import Connection

from annotator.domain import live


def take_messages(broker: str, name: str = "live") -> list[tuple[str, list[int]]]:
    """Task and arguments of each; the queue is empty afterwards."""
    found = []
    live.settle()
    with Connection(broker) as link, link.SimpleQueue(name) as queue, suppress(Empty):
        while True:
            message = queue.get(block=False)
            message.ack()
            found.append((message.headers["task"], message.payload[0]))
    return found
