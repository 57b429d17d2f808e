"""Passwords on the terminal: typed unseen, or read from a pipe; never an argument that others can list."""

from __future__ import annotations

import sys
from getpass import getpass

from django.core.management import CommandError
from django.core.management.base import CommandParser


def add_password_arguments(parser: CommandParser) -> None:
    parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")


def read_password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    if not sys.stdin.isatty():
        raise CommandError("There is no terminal to ask for the password: use --password-stdin.")
    password = getpass("Password: ")
    if getpass("Again: ") != password:
        raise CommandError("The two passwords differ; nothing was changed.")
    return password
