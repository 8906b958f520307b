"""What a plan costs and what it keeps of the picture."""

import math
from dataclasses import dataclass
from decimal import Decimal

from backends.vision.llava_uhd.planner import SlicePlan

_READABLE_HEIGHT = 8  # encoded pixels that the smallest legible glyph is high
_FAITHFUL = 0.8  # of the pixels; below, a plan says that detail is lost


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanMetrics:
    """The figures that are shown with every plan. What is not known is None, never zero."""

    tokens: int
    separators: int | None
    tokens_per_megapixel: float
    retained: float
    """Encoded pixels at the finest, for a pixel of the original; above 1 the picture was enlarged."""
    upsampling: float
    """How much longer sides became, on average of the two; 1 where nothing was enlarged."""
    distortion: float
    """max(sx/sy, sy/sx) - 1 of the worst slice, or of the overview where there are none."""
    overview_distortion: float
    padding: float
    """Share of the encoded area that shows nothing; no rule here pads."""
    smallest_glyph: float
    """Height in the original, in pixels, of the smallest letters that can be read."""
    tower_flops: int | None
    connector_flops: int | None
    language_flops: int | None
    usd: Decimal | None
    pictures: int
    """Pieces that are encoded or sent."""
    raw_bytes: int
    """All pieces as plain RGB."""

    @property
    def flops(self) -> int | None:
        """Everything: encoder, connector and reading by the language model."""
        if self.tower_flops is None or self.connector_flops is None or self.language_flops is None:
            return None
        return self.tower_flops + self.connector_flops + self.language_flops

    @property
    def loses_detail(self) -> bool:
        """Whether less than 80 % of the pixels survive."""
        return self.retained < _FAITHFUL


def measure(plan: SlicePlan, *, usd_per_million_tokens: Decimal | None = None) -> PlanMetrics:
    """Measure a plan; without a price the cost is None."""
    (width, height), (detail_width, detail_height) = plan.size, plan.detail_size
    retained = detail_width * detail_height / (width * height)
    tower, connector, language = _flops(plan)
    separators = plan.separators
    overview_distortion = _distortion(plan.overview.scale)
    return PlanMetrics(
        tokens=plan.tokens,
        separators=None if separators is None else len(separators),
        tokens_per_megapixel=plan.tokens / (width * height) * 1e6,
        retained=retained,
        upsampling=max(1.0, math.sqrt(retained)),
        distortion=max((_distortion(piece.scale) for piece in plan.slices), default=overview_distortion),
        overview_distortion=overview_distortion,
        padding=0.0,
        smallest_glyph=_READABLE_HEIGHT * width / detail_width,
        tower_flops=tower,
        connector_flops=connector,
        language_flops=language,
        usd=None if usd_per_million_tokens is None else plan.positions * usd_per_million_tokens / 1_000_000,
        pictures=plan.num_pieces,
        raw_bytes=3 * plan.patches * plan.profile.patch**2,
    )


def explain(plan: SlicePlan) -> str:
    """Tell in a few lines what is planned, what it costs and what is lost."""
    found = measure(plan)
    lines = [f"{_by(plan.size)} px, rule {plan.profile.name}"]
    if plan.slice_size is not None:
        boxes = plan.slices[0].box.size
        lines.append(
            f"slices      {_by(plan.grid)} (columns x rows; ideal {plan.ideal_slices}), "
            f"each about {_by(boxes)} px, encoded at {_by(plan.slice_size)}"
        )
    order = "first" if plan.profile.overview_first else "last"
    alone = "the only piece" if plan.slice_size is None else order
    lines.append(f"overview    {_by(plan.overview_size)}, {alone}")
    between = "tags not counted" if found.separators is None else f"{found.separators} separators"
    lines.append(f"tokens      {found.tokens} ({between}), {found.tokens_per_megapixel:,.0f} a megapixel")
    lines.append(
        f"kept        {found.retained:.0%} of the pixels, distortion {found.distortion:.1%}, "
        f"letters from {found.smallest_glyph:.0f} px high"
    )
    if found.flops is not None:
        lines.append(f"compute     {found.flops / 1e12:.2f} TFLOPs")
    if found.loses_detail:
        lines.append("warning     less than 80 % of the pixels are kept: small print may be lost")
    return "\n".join(lines)


def _flops(plan: SlicePlan) -> tuple[int, int, int] | tuple[None, None, None]:
    compute, queries = plan.profile.compute, plan.profile.queries
    if compute is None:
        return None, None, None
    counts = [piece.patches[0] * piece.patches[1] for piece in plan.pieces]
    tower = sum(compute.tower.flops(count, plan.profile.patch) for count in counts)
    connector = sum(compute.connector_flops(count, queries or 0) for count in counts)
    return tower, connector, compute.language_model.flops(plan.positions, causal=compute.causal)


def _distortion(scale: tuple[float, float]) -> float:
    across, down = scale
    return max(across / down, down / across) - 1


def _by(pair: tuple[int, int]) -> str:
    return f"{pair[0]} x {pair[1]}"
