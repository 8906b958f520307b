"""What the laboratory raises: mistakes of the person who asks, failures of the work, and a stop."""


class LabError(ValueError):
    """Something was asked that cannot be done; the message says what, where and what to do instead."""


class LabFailure(RuntimeError):
    """Something failed that was asked for correctly; the message says what and what may help."""


class Stopped(Exception):
    """The run was cancelled; raised by `Reporter.check_cancelled` at a place where stopping is safe."""
