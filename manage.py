#!/usr/bin/env python
"""Concord's command line: `python manage.py help` lists what it can do."""

import os
import sys
from contextlib import AbstractContextManager, nullcontext

#: commands that use neither the database nor the broker, or start the servers themselves
WITHOUT_SERVERS = {
    "help",
    "version",
    "check",
    "collectstatic",
    "findstatic",
    "diffsettings",
    "services",
    "demo",
    "bundle",
}


def servers_for(arguments: list[str]) -> AbstractContextManager[None]:
    """The embedded servers for as long as the command runs, where it needs them and none run."""
    from django.conf import settings

    from annotator import services

    flags = {"-h", "--help", "--version"}
    if not arguments or arguments[0] in WITHOUT_SERVERS or flags.intersection(arguments):
        return nullcontext()
    return services.running(settings.VAR, settings.EMBEDDED)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")
    from django.core.management import execute_from_command_line

    from annotator.services import ServiceError

    try:
        with servers_for(sys.argv[1:]):
            execute_from_command_line(sys.argv)
    except ServiceError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
