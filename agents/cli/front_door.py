"""How every command is entered and left: one clear line for a mistake, the right exit code, no traceback.

Exit codes: 0 done, 1 something failed, 2 a mistake in what was asked, 3 a budget is spent,
130 stopped with Ctrl-C.
"""

import errno
import sqlite3
import sys
from typing import NoReturn

import cyclopts
from cyclopts import CycloptsError
from rich.console import Console

from agents.errors import NimueError
from games.errors import GameError
from memory.errors import StoreError

FAILURE = 1
USER_ERROR = 2
STOPPED = 130


def enter(app: cyclopts.App, arguments: list[str] | None = None) -> NoReturn:
    """Run a command line and exit."""
    sys.exit(run(app, arguments))


def run(app: cyclopts.App, arguments: list[str] | None = None) -> int:
    """Run a command line; its exit code."""
    errors = Console(stderr=True, highlight=False)
    try:
        result = app(
            arguments,
            exit_on_error=False,
            print_error=False,
            result_action="return_value",
            error_console=errors,
        )
    except CycloptsError as error:
        name = app.name[0]
        _complain(f"{_one_line(str(error))} See {name} --help.")
        return USER_ERROR
    except NimueError as error:
        _complain(str(error))
        return error.exit_code
    except (GameError, StoreError) as error:
        _complain(str(error))
        return USER_ERROR
    except BrokenPipeError:  # the reader of a pipe has seen enough, as in `avalon rules | head`
        sys.stderr.close()
        return 0
    except (OSError, sqlite3.OperationalError) as error:
        if not _disk_full(error):
            raise
        _complain("The disk is full. Nothing that was written is lost: make room and go on with --resume.")
        return FAILURE
    except KeyboardInterrupt:
        _complain("Stopped.")
        return STOPPED
    return result if isinstance(result, int) else 0


def _disk_full(error: OSError | sqlite3.OperationalError) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return error.sqlite_errorcode == sqlite3.SQLITE_FULL


def _complain(message: str) -> None:
    print(message, file=sys.stderr)


def _one_line(text: str) -> str:
    return " ".join(text.split())
