"""Study ids on their way to the broker, in a thread of their own: nobody's request waits for a broker that is away.

What is sent here is no job: Postgres says what is left to do, and the sweep sends a study again.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from kombu.exceptions import OperationalError

from annotator import jobs as transport
from annotator.enums import JobQueue

log = logging.getLogger(__name__)

#: a process sends the same again so often and no oftener: what changed meanwhile is told of together
PACE_S = 0.1
#: after a broker that was away nobody tries again for so long; the sweep makes up for it
PAUSE_S = 30.0


@dataclass(frozen=True, slots=True)
class _Message:
    task: str
    study_id: int
    queue: JobQueue
    #: when it is superfluous, if nobody has taken it by then
    expires_s: float | None


@dataclass(slots=True)
class Line:
    """Of this process to the broker."""

    quiet_until: float = 0.0
    sender: ThreadPoolExecutor | None = None
    waiting: set[_Message] = field(default_factory=set)
    sent_at: dict[_Message, float] = field(default_factory=dict)

    def send(self, task: str, study_id: int, queue: JobQueue, *, expires_s: float | None = None) -> None:
        """Any number of times is as good as once; `expires_s`: when a message that nobody took is superfluous."""
        message = _Message(task, study_id, queue, expires_s)
        if message not in self.waiting and time.monotonic() >= self.quiet_until:
            self.waiting.add(message)
            self._sender().submit(self._send, message)

    def settle(self) -> None:
        """Until what was to be sent is sent, or given up."""
        self._sender().submit(lambda: None).result()

    def _sender(self) -> ThreadPoolExecutor:
        # made when first needed: a thread does not survive the fork of a worker
        self.sender = self.sender or ThreadPoolExecutor(max_workers=1, thread_name_prefix="study-line")
        return self.sender

    def _send(self, message: _Message) -> None:
        time.sleep(max(0.0, self.sent_at.get(message, 0.0) + PACE_S - time.monotonic()))
        self.waiting.discard(message)  # before it is sent: what changes from here on is told of anew
        if time.monotonic() < self.quiet_until:
            return
        self.sent_at[message] = time.monotonic()
        study_id, queue = message.study_id, message.queue.value
        try:
            transport.app.send_task(message.task, args=[study_id], queue=queue, retry=False, expires=message.expires_s)
        except OperationalError as error:
            self.quiet_until = time.monotonic() + PAUSE_S
            log.warning("The broker did not take study %d (%s); the sweep will send it.", study_id, error)
        except Exception:  # in this thread nobody else would ever see it
            log.exception("Study %d could not be sent to the %s queue; the sweep will send it.", study_id, queue)


line = Line()
