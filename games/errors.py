"""The one error that games raise for a caller's mistake."""


class GameError(ValueError):
    """A rule was broken or an input makes no sense; the message says what, where and what to do."""
