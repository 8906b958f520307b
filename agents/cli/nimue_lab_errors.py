"""Turns what the laboratory raises into what the command line prints."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from agents.errors import NimueError, NimueFailure
from backends.lab.errors import LabError, LabFailure

P = ParamSpec("P")
T = TypeVar("T")


def lab_errors(command: Callable[P, T]) -> Callable[P, T]:
    """Let a command's `LabError` become a user's mistake and its `LabFailure` a failure."""

    @wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except LabError as error:
            raise NimueError(str(error)) from error
        except LabFailure as error:
            raise NimueFailure(str(error)) from error

    return guarded
