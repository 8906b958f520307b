"""The one error that the model raises for a caller's mistake."""


class ModelError(ValueError):
    """Pieces, shapes or weights that the model cannot use; the message says what, where and what to do."""
