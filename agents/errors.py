"""The exception family of nimue. The command line prints the message and no traceback."""


class NimueError(Exception):
    """A mistake the user can mend; the message says what is wrong, where, and what to do (exit code 2)."""

    exit_code = 2


class NimueFailure(NimueError):
    """Something failed that was asked for correctly: a server, a disk, a broken file (exit code 1)."""

    exit_code = 1
