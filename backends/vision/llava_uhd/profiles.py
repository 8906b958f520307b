"""The slicing rules that a plan can follow, as data: the paper's and those of its official descendants."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from backends.vision.llava_uhd.compute import PAPER, Compute
from backends.vision.llava_uhd.errors import PlanError

Candidates = Literal["neighbours", "march-24"]
Ties = Literal["fewest-apart", "first"]
Fit = Literal["floor", "best", "march-24", "scaled-floor", "scaled-round"]
Order = Literal["resize-first", "crop-first"]
Layout = Literal["separators", "tags", "none"]

MAX_PIXELS = 178_956_970
"""Twice Pillow's warning limit, where Pillow itself refuses a picture as a decompression bomb."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """One rule for slicing pictures. A variant is `dataclasses.replace(EXACT, max_slices=9)`.

    Raises `PlanError` for values that allow no plan.
    """

    name: str
    resolution: int = 336
    """Side of the square that the encoder was trained on; its area is the area of an ideal slice."""
    patch: int = 14
    max_slices: int = 6
    candidates: Candidates = "neighbours"
    """`neighbours`: grids of N-1, N and N+1 slices within 2 and `max_slices`, no slicing for N = 1.
    `march-24`: the first official code, where N = 1 may be cut in two and N+1 may exceed the maximum."""
    ties: Ties = "fewest-apart"
    """`fewest-apart`: scores equal to 1e-9 go to the grid nearest to N slices, then with fewer columns.
    `first`: the first grid with the least error in float64, as official codes loop; noise decides ties."""
    fit: Fit = "floor"
    """How a shape becomes whole patches. `floor`: the largest counts within the encoder's patches.
    `best`: sides rounded either way within the same budget, whichever distorts least.
    `march-24`: `floor` in that code's float arithmetic, once for the picture, used for slices too.
    `scaled-floor`, `scaled-round`: sides scaled to the resolution's area, then to multiples of `align`."""
    align: int = 14
    """Pixels that encoded sides are multiples of, in the scaled fits."""
    order: Order = "resize-first"
    """Whether the whole picture is resized and then cut, or cut in whole pixels and then resized."""
    overview_first: bool = False
    layout: Layout = "separators"
    """What stands between slices: `,` and a newline, tags (which this planner does not count), or nothing."""
    queries: int | None = 64
    """Tokens an encoded piece becomes; None where `patches_per_token` decides."""
    patches_per_token: int = 1
    extreme: Literal["clamp", "strips"] = "clamp"
    """Pictures longer than 200 times their other side: stretched into the encoder's patches, or cut
    along the long side into strips, as many of at most 200:1 as it takes and `max_slices` allows."""
    overlap: int = 0
    """Pixels of the picture that a slice reaches beyond each inner border; it is then cut before resizing."""
    max_pixels: int = MAX_PIXELS
    compute: Compute | None = None
    """The models whose operations are counted; None where their shape is unknown."""

    def __post_init__(self) -> None:
        for field in ("resolution", "patch", "max_slices", "align", "patches_per_token", "max_pixels"):
            if getattr(self, field) < 1:
                raise PlanError(f"Profile {self.name!r}: {field} must be at least 1.")
        if self.resolution % self.patch:
            raise PlanError(
                f"Profile {self.name!r}: the resolution {self.resolution} is no multiple of the patch "
                f"{self.patch}."
            )
        if self.align % self.patch:
            raise PlanError(
                f"Profile {self.name!r}: align {self.align} is no multiple of the patch {self.patch}."
            )
        if self.overlap < 0:
            raise PlanError(f"Profile {self.name!r}: an overlap cannot be negative.")

    @property
    def patch_budget(self) -> int:
        """Patches of the square that the encoder was trained on."""
        return (self.resolution // self.patch) ** 2


EXACT = Profile(name="exact", compute=PAPER)
"""The paper's rule, with ties decided so that float noise never matters. The default."""

RELEASE = Profile(
    name="release",
    max_slices=7,
    ties="first",
    fit="scaled-floor",
    queries=144,
    compute=PAPER,
)
"""The ECCV release of July 2024, bit for bit."""

MARCH_24 = Profile(
    name="march-24",
    candidates="march-24",
    ties="first",
    fit="march-24",
    order="crop-first",
    layout="none",
    compute=PAPER,
)
"""The first official code of March 2024, which differs from its paper."""

MINICPM_V_2_6 = Profile(
    name="minicpm-v-2.6",
    resolution=448,
    max_slices=9,
    ties="first",
    fit="scaled-round",
    overview_first=True,
    layout="tags",
)

MINICPM_V_4_6 = Profile(
    name="minicpm-v-4.6",
    resolution=448,
    max_slices=9,
    ties="first",
    fit="scaled-round",
    align=56,
    overview_first=True,
    layout="tags",
    queries=None,
    patches_per_token=16,
)
"""Its "16x" mode: 16 patches merge into a token."""

MINICPM_V_4_6_4X = Profile(
    name="minicpm-v-4.6-4x",
    resolution=448,
    max_slices=9,
    ties="first",
    fit="scaled-round",
    align=28,
    overview_first=True,
    layout="tags",
    queries=None,
    patches_per_token=4,
)
"""Its "4x" mode: four times the tokens from about the same pixels."""

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        profile.name: profile
        for profile in (EXACT, RELEASE, MARCH_24, MINICPM_V_2_6, MINICPM_V_4_6, MINICPM_V_4_6_4X)
    }
)


def profile_named(name: str) -> Profile:
    """Look a profile up by its name.

    Raises `PlanError` with the known names.
    """
    if name not in PROFILES:
        raise PlanError(f"There is no slicing profile {name!r}. Known: {', '.join(PROFILES)}.")
    return PROFILES[name]
