"""Commands of `python -m mlcore`, one module each; a new module in this folder is a new command.

A module has SUMMARY (one line), `configure(parser)` and `run(args) -> int` (the exit status). Heavy imports belong
inside `run`, so that `--help` answers at once. An underscore in the module's name is a dash in the command's.
"""

from __future__ import annotations

import argparse
import pkgutil
import sys
from collections.abc import Sequence
from importlib import import_module

from mlcore.errors import ConcordError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; a ConcordError or a file that can't be opened is one sentence on stderr and exit status 1."""
    args = build_parser().parse_args(argv)
    try:
        status: int = args.run(args)
    except BrokenPipeError:
        # the reader of our output has gone; nothing is left to say
        return 1
    except (ConcordError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return status


def build_parser() -> argparse.ArgumentParser:
    """Parser with a subcommand for each module of this package."""
    parser = argparse.ArgumentParser(prog="python -m mlcore", description="Concord's core on the command line.")
    commands = parser.add_subparsers(title="commands", dest="command", required=True)
    for module_info in pkgutil.iter_modules(__path__):
        module = import_module(f"{__name__}.{module_info.name}")
        name = module_info.name.replace("_", "-")
        command = commands.add_parser(name, help=module.SUMMARY, description=module.SUMMARY)
        module.configure(command)
        command.set_defaults(run=module.run)
    return parser
