"""A picture as everything here works on it: upright, 8-bit RGB, with what was done to get there."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

from PIL import Image


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """A decoded picture."""

    image: Image.Image
    """RGB, upright. Nobody changes it."""
    name: str
    """What messages call it."""
    kind: str
    """The format it came in."""
    stored_bytes: int
    notes: tuple[str, ...] = ()
    """What a person should know: frames left out, a name that lies, colours that were converted."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, after any rotation."""
        return self.image.size

    @cached_property
    def digest(self) -> str:
        """SHA-256 of size and pixels: equal for equal pictures, whatever file they came in."""
        return hashlib.sha256(b"%d %d " % self.size + self.image.tobytes()).hexdigest()

    def noted(self, note: str) -> "Picture":
        """The same picture with one more note."""
        return replace(self, notes=(*self.notes, note))
