"""The one error of this package."""


class PictureError(ValueError):
    """A picture that cannot be had or read; the message says which, why, and what to do."""
