"""The one error that the memory raises for a caller's mistake or a broken folder."""


class StoreError(ValueError):
    """A memory cannot be opened or a request makes no sense; the message says what, where and what to do."""
