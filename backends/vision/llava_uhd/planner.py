"""`plan`: from a picture's size to what will be encoded, in which pieces and at which sizes.

A plan stores the few numbers that are decided and derives the rest when asked, so that planning itself
takes microseconds. Sizes, boxes and grids are written across first: width by height, columns by rows.
"""

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from operator import index

from backends.vision.llava_uhd.errors import PlanError
from backends.vision.llava_uhd.grids import Grid, choose_grid, ideal_slices
from backends.vision.llava_uhd.patch_fit import Patches, fit, fit_slices
from backends.vision.llava_uhd.pieces import Box, Piece, Point, Size
from backends.vision.llava_uhd.profiles import EXACT, Profile


@dataclass(frozen=True, slots=True)
class SlicePlan:
    """How one picture is encoded."""

    size: Size
    """The picture's own size, after any EXIF rotation."""
    profile: Profile
    ideal_slices: int
    """How many slices of the standard area it would take, before any limit."""
    grid: Grid
    """(1, 1) where the picture is not sliced and the overview is all there is."""
    slice_patches: Patches | None
    """The same for every slice; None without slices."""
    overview_patches: Patches
    column_cuts: tuple[int, ...] | None = None
    """Where the columns are cut instead of evenly, in pixels of the picture from 0 to its width."""
    row_cuts: tuple[int, ...] | None = None

    @property
    def num_slices(self) -> int:
        return 0 if self.slice_patches is None else self.grid[0] * self.grid[1]

    @property
    def num_pieces(self) -> int:
        """Slices and overview; one for a picture that is not sliced."""
        return self.num_slices + 1

    @property
    def slice_size(self) -> Size | None:
        """Encoded pixels of a slice."""
        return None if self.slice_patches is None else self._pixels(self.slice_patches)

    @property
    def overview_size(self) -> Size:
        """Encoded pixels of the overview."""
        return self._pixels(self.overview_patches)

    @property
    def detail_size(self) -> Size:
        """What the whole picture is resized to at its finest: the joined slices, or the overview alone."""
        if self.slice_patches is None:
            return self.overview_size
        width, height = self._pixels(self.slice_patches)
        return self.grid[0] * width, self.grid[1] * height

    @property
    def patches(self) -> int:
        """Patches that the encoder sees, in all pieces."""
        columns, rows = self.slice_patches or (0, 0)
        return self.num_slices * columns * rows + self.overview_patches[0] * self.overview_patches[1]

    @property
    def tokens(self) -> int:
        """Visual tokens for the language model, without separators or tags."""
        if self.profile.queries is not None:
            return self.profile.queries * self.num_pieces
        columns, rows = self.slice_patches or (0, 0)
        per_token = self.profile.patches_per_token
        overview = self.overview_patches[0] * self.overview_patches[1] // per_token
        return overview + self.num_slices * (columns * rows // per_token)

    @property
    def separators(self) -> tuple[str, ...] | None:
        """One after every slice, row by row; None where tags take their place, which are not planned here."""
        if self.profile.layout == "tags":
            return None
        if self.slice_patches is None or self.profile.layout == "none":
            return ()
        columns, rows = self.grid
        return ((",",) * (columns - 1) + ("\n",)) * rows

    @property
    def positions(self) -> int:
        """Places in the language model's context: tokens and separators."""
        return self.tokens + len(self.separators or ())

    @property
    def overview(self) -> Piece:
        """The whole picture at its own shape."""
        return self._piece(None, None, Box(0, 0, *self.size), self.overview_patches)

    @property
    def slices(self) -> tuple[Piece, ...]:
        """The slices row by row; their boxes tile the picture, or overlap as far as the profile asks."""
        if self.slice_patches is None:
            return ()
        across, down = self._cuts()
        overlap, (width, height) = self.profile.overlap, self.size
        return tuple(
            self._piece(
                row,
                column,
                Box(
                    max(across[column] - overlap, 0),
                    max(down[row] - overlap, 0),
                    min(across[column + 1] + overlap, width),
                    min(down[row + 1] + overlap, height),
                ),
                self.slice_patches,
            )
            for row in range(self.grid[1])
            for column in range(self.grid[0])
        )

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """Slices and overview in the order in which the language model reads them."""
        if self.profile.overview_first:
            return self.overview, *self.slices
        return *self.slices, self.overview

    @property
    def cuts_before_resizing(self) -> bool:
        """Whether slices are cut out in whole pixels; otherwise the picture is resized once, then cut."""
        moved = self.column_cuts is not None or self.row_cuts is not None
        return self.profile.order == "crop-first" or self.profile.overlap > 0 or moved

    def piece_at(self, x: float, y: float) -> Piece:
        """Find the slice that shows this point of the picture best: in overlaps, the one that owns it.

        Raises `PlanError` for a point outside the picture.
        """
        width, height = self.size
        if not (0 <= x < width and 0 <= y < height):
            raise PlanError(f"The point ({x}, {y}) lies outside the picture of {width} x {height} pixels.")
        if self.slice_patches is None:
            return self.overview
        columns, rows = self.grid
        if self.cuts_before_resizing:
            across, down = self._cuts()
            column, row = bisect(across, x) - 1, bisect(down, y) - 1
        else:
            column, row = int(x * columns / width), int(y * rows / height)
        return self.slices[row * columns + column]

    def _cuts(self) -> tuple[Sequence[int], Sequence[int]]:
        (width, height), (columns, rows) = self.size, self.grid
        across = self.column_cuts or [column * width // columns for column in range(columns + 1)]
        down = self.row_cuts or [row * height // rows for row in range(rows + 1)]
        return across, down

    def _pixels(self, patches: Patches) -> Size:
        return patches[0] * self.profile.patch, patches[1] * self.profile.patch

    def _piece(self, row: int | None, column: int | None, box: Box, patches: Patches) -> Piece:
        encoded_width, encoded_height = self._pixels(patches)
        if row is None or column is None or self.cuts_before_resizing:
            origin: Point = (box.left, box.top)
            shown_width, shown_height = map(float, box.size)
        else:
            shown_width, shown_height = self.size[0] / self.grid[0], self.size[1] / self.grid[1]
            origin = (column * self.size[0] / self.grid[0], row * self.size[1] / self.grid[1])
        return Piece(
            row=row,
            column=column,
            box=box,
            origin=origin,
            scale=(encoded_width / shown_width, encoded_height / shown_height),
            size=(encoded_width, encoded_height),
            patches=patches,
        )


def plan(size: Size, profile: Profile = EXACT) -> SlicePlan:
    """Plan a picture of this width and height.

    Raises `PlanError` for sizes that no picture has and for more pixels than the profile allows.
    """
    width, height = size
    width, height = index(width), index(height)
    if width < 1 or height < 1 or width * height > profile.max_pixels:
        raise PlanError(_wrong_size(width, height, profile))
    ideal = ideal_slices(width, height, profile.resolution)
    grid = choose_grid(width, height, ideal, profile)
    slice_patches = None if grid == (1, 1) else fit_slices(width, height, grid, profile)
    return SlicePlan((width, height), profile, ideal, grid, slice_patches, fit(width, height, profile))


def _wrong_size(width: int, height: int, profile: Profile) -> str:
    if width < 1 or height < 1:
        return (
            f"A picture of {width} x {height} pixels cannot be planned: each side must be at least 1 pixel."
        )
    return (
        f"A picture of {width} x {height} has {width * height:,} pixels, more than the "
        f"{profile.max_pixels:,} allowed. Shrink it first, or raise the profile's max_pixels."
    )
