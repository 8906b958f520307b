"""`python -m games.text.conformance NAME`: each check with its outcome; status 1 when one fails."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from games.errors import GameError
from games.text.conformance.checks import CHECKS
from games.text.conformance.processes import account, check_other_process, open_named
from games.text.conformance.walks import MODEST, Effort


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the suite that the command line names; the exit status."""
    asked = _parser().parse_args(arguments)
    effort = Effort(tasks=asked.tasks, steps=asked.steps, seed=asked.seed)
    try:
        suite = open_named(asked.name, asked.data)
    except GameError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if asked.account:
        sys.stdout.write(account(suite, effort) + "\n")
        return 0
    failed = 0
    for name, check in CHECKS.items():
        try:
            check(suite, effort)
        except AssertionError as error:
            failed += 1
            sys.stdout.write(f"FAILED  {name}: {error}\n")
        else:
            sys.stdout.write(f"ok      {name}\n")
    try:
        check_other_process(asked.name, asked.data, effort)
    except AssertionError as error:
        failed += 1
        sys.stdout.write(f"FAILED  other_process: {error}\n")
    else:
        sys.stdout.write("ok      other_process\n")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m games.text.conformance", description=__doc__)
    parser.add_argument("name", help="a suite's name, or module:function")
    parser.add_argument("--data", type=Path, help="the suite's data")
    parser.add_argument("--tasks", type=int, default=MODEST.tasks, help="tasks that are played")
    parser.add_argument("--steps", type=int, default=MODEST.steps, help="actions of a stroll, at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--account", action="store_true", help="print what the walks told, and check nothing")
    return parser


if __name__ == "__main__":
    sys.exit(main())
