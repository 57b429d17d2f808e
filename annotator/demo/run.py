"""Brings the whole system up: servers, data, people, programs; and down again."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from urllib.error import URLError
from urllib.request import urlopen

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from annotator import bundles, services
from annotator.demo import annotators, people, preflight, programs, recordings
from annotator.demo.console import Console, DemoError
from annotator.demo.supervisor import Supervisor
from annotator.domain.jobs import UNFINISHED
from annotator.models import Job, Study

WEB_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Options:
    host: str
    port: int
    size: recordings.Size
    #: nobody waits for ever in a check
    patience_s: float | None = None

    @property
    def address(self) -> str:
        shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104 - only for display
        return f"http://{shown}:{self.port}/"


@dataclass(frozen=True, slots=True)
class Demo:
    options: Options
    cast: people.Cast
    passwords: dict[str, str]
    supervisor: Supervisor
    console: Console

    def wait_for(self, job: Job) -> Job:
        """Until the job has ended, with what it does shown; the programs are looked after meanwhile."""
        if not self.supervisor.watch_until(lambda: self._has_ended(job), timeout_s=self.options.patience_s):
            raise DemoError(f"{job.get_kind_display()} did not end within {self.options.patience_s:.0f} s.")
        return job

    def _has_ended(self, job: Job) -> bool:
        job.refresh_from_db()
        if job.kind == "import":
            n_ready = self.cast.study.sessions.filter(status="ready").count()
            self.console.progress(f"importing: {n_ready} of {self.cast.study.sessions.count()} sessions")
        else:
            self.console.progress(f"{job.kind}: {job.progress:.0%} {job.activity}")
        return job.state not in UNFINISHED


@contextmanager
def running(options: Options, console: Console) -> Iterator[Demo]:
    """The demo stands inside this block: data there, people there, the web server answers."""
    var = settings.VAR
    with preflight.only_copy(var, options.address), _signals_unwind():
        preflight.require_free_port(options.host, options.port)
        with services.running(var, settings.EMBEDDED):
            preflight.require_servers()
            settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # the web server warns of one that is missing
            _bundle(console)
            call_command("migrate", verbosity=0, interactive=False)
            logins = people.logins(var / "demo-logins.json")
            cast = people.cast(logins)
            truth = _recordings(cast.study, options, console)
            supervisor = Supervisor(
                programs=programs.programs(options.host, options.port),
                log_folder=var / "log",
                folder=settings.BASE_DIR,
                environment=programs.environment(options.host),
                say=console.say,
            )
            with supervisor:
                demo = Demo(options, cast, logins.passwords, supervisor, console)
                _fill(demo, truth)
                _wait_for_web(demo)
                yield demo


def _bundle(console: Console) -> None:
    try:
        bundles.build(settings.BUNDLES_ROOT)
    except bundles.BundleError as error:
        console.say(f"{error} The pages load their modules one by one, which is slower.")


def _recordings(study: Study, options: Options, console: Console) -> Path:
    folder = settings.VAR / "demo" / "recordings"
    if not _is_filled(study):
        console.say("Simulating recordings: nobody was recorded for them …")
        recordings.simulate(folder, options.size, console)
    return folder


def _fill(demo: Demo, truth_folder: Path) -> None:
    """Import and first labels, once; a start that was interrupted goes on where it was."""
    study = demo.cast.study
    if _is_filled(study):
        return
    if not recordings.all_ready(study):
        demo.console.say("Importing them …")
        job = recordings.begin_import(study, actor=demo.cast.users["admin"], source=truth_folder)
        recordings.require_ready(demo.wait_for(job), study)
    demo.console.say("Simulated annotators label a first part …")
    study.refresh_from_db()  # the import chose the test subjects
    truth = truth_folder / "truth.json"
    annotators.label_first_part(study, demo.cast.simulated, truth=truth, console=demo.console)
    _marker(study).write_text(json.dumps({"study": study.pk, "created_at": study.created_at.isoformat()}))


def _marker(study: Study) -> Path:
    return Path(settings.VAR) / "demo" / f"filled-{study.pk}-{study.created_at:%Y%m%d%H%M%S}.json"


def _is_filled(study: Study) -> bool:
    return _marker(study).exists()


def _wait_for_web(demo: Demo) -> None:
    if not demo.supervisor.watch_until(lambda: answers(demo.options.address + "healthz"), timeout_s=WEB_PATIENCE_S):
        log = demo.supervisor.log_folder / "web.log"
        raise DemoError(f"The web server does not answer at {demo.options.address}; its log is {log}.")


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as response:  # noqa: S310 - our own address
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


@contextmanager
def _signals_unwind() -> Iterator[None]:
    """Ctrl-C, a closed terminal and `kill` all leave by the same way, and only once."""

    def leave(number: int, frame: FrameType | None) -> None:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {name: signal.signal(name, leave) for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def stay_up(options: Options, console: Console) -> None:
    """Until Ctrl-C."""
    begun = time.monotonic()
    try:
        with running(options, console) as demo:
            _print_logins(demo, time.monotonic() - begun)
            connection.close()
            demo.supervisor.watch_until(_never())
    except KeyboardInterrupt:
        console.say("Stopped; everything is kept.")


def _never() -> Callable[[], bool]:
    return lambda: False


def _print_logins(demo: Demo, seconds: float) -> None:
    say = demo.console.say
    say(f"\nConcord runs at {demo.options.address}  (after {seconds:.0f} s; Ctrl-C stops it, the data stay)")
    say("Everything in the study “Demo (simulated)” is simulated: recordings and first labels.\n")
    for name, password in demo.passwords.items():
        say(f"  {name:<12} {password}")
    say(f"\nThe passwords were made at the first start and are kept in {settings.VAR / 'demo-logins.json'}.")
