"""The pieces of a picture that are encoded: its slices and its overview, and where they lie in it."""

from dataclasses import dataclass

Size = tuple[int, int]  # width, height
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of whole pixels in the original picture; right and bottom are outside, as in Pillow."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> Size:
        return self.right - self.left, self.bottom - self.top


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A slice, or the overview of the whole picture."""

    row: int | None
    """Counted from 0 at the top; None for the overview."""
    column: int | None
    box: Box
    """What the piece shows, in whole pixels of the original picture."""
    origin: Point
    """Exact left and top edge in the original picture. Where the picture is resized before it is cut, edges
    fall between pixels, and `box` is rounded down."""
    scale: tuple[float, float]
    """Encoded pixels for a pixel of the original, across and down."""
    size: Size
    """Encoded pixels."""
    patches: tuple[int, int]
    """Columns and rows of the encoder's patches."""

    @property
    def is_overview(self) -> bool:
        return self.row is None

    def to_picture(self, x: float, y: float) -> Point:
        """Turn a point of the encoded piece into the same point of the original picture."""
        return self.origin[0] + x / self.scale[0], self.origin[1] + y / self.scale[1]

    def from_picture(self, x: float, y: float) -> Point:
        """Turn a point of the original picture into encoded pixels of this piece, also outside of it."""
        return (x - self.origin[0]) * self.scale[0], (y - self.origin[1]) * self.scale[1]
