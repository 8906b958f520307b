"""How plans for pictures are shown: drawn in the terminal, drawn as PNG, and the words to both."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.table import Table

from agents.errors import NimueError, NimueFailure
from agents.llm.names import ModelName
from backends.vision.llava_uhd.drawing import Marked, draw_in_text, draw_on_picture, marked_slices
from backends.vision.llava_uhd.hosted_plan import HostedPlan, plan_hosted
from backends.vision.llava_uhd.metrics import explain, measure
from backends.vision.llava_uhd.pieces import Box, Size
from backends.vision.llava_uhd.planner import SlicePlan, plan
from backends.vision.llava_uhd.profiles import PROFILES
from backends.vision.llava_uhd.providers import hosted_rules, rule_for
from backends.vision.ocr.reader import LONGEST_SIDE
from backends.vision.pictures.picture import Picture

_COMPARED = ("exact", "minicpm-v-4.6")
_COMPARED_HOSTED = ("claude-standard", "claude", "openai-4o", "openai-6", "gemini-2")


@dataclass(frozen=True, slots=True)
class Shown:
    """A plan as it is drawn and told."""

    marked: tuple[Marked, ...]
    overview: Size | None
    words: str


def shown_by_rule(rule: str, size: Size) -> Shown:
    """The plan of a named slicing rule, or of a hosted model.

    Raises:
        NimueError: There is no such rule or model.
    """
    if rule in PROFILES:
        planned = plan(size, PROFILES[rule])
        return Shown(marked_slices(planned), planned.overview_size, explain(planned))
    named = {each.name: each for each in hosted_rules()}
    model = rule.rpartition(":")[2]
    found = named.get(rule) or rule_for(model)
    if found.name == "unknown" and rule != "unknown":
        raise NimueError(
            f"There is no slicing rule {rule!r}. Rules: {', '.join((*PROFILES, *named))}; "
            "the name of a Claude, GPT or Gemini model will do too."
        )
    return shown_sending(plan_hosted(size, found), None)


def shown_reading(planned: SlicePlan) -> Shown:
    """How a picture's text is read on this machine."""
    (width, height), (columns, rows) = planned.size, planned.grid
    found = measure(planned)
    lines = [f"{width} x {height} px, text read on this machine"]
    if planned.slice_size is None:
        shown = min(planned.overview.scale[0], LONGEST_SIDE / max(planned.size))
        lines.append(f"slices      none: the whole at once, at {shown:.0%} of its size")
        return Shown(marked_slices(planned), None, "\n".join(lines))
    lines.append(
        f"slices      {columns} x {rows} (columns x rows) at {planned.slices[0].scale[0]:.0%} of their size, "
        f"{planned.profile.overlap} px into each other"
    )
    lines.append("cuts        moved to where least is drawn; words on both sides are read once")
    lines.append("overview    read for large letters and where slices leave doubt")
    lines.append(f"letters     from {found.smallest_glyph:.0f} px high")
    return Shown(marked_slices(planned), planned.overview_size, "\n".join(lines))


def shown_sending(planned: HostedPlan, cost: Decimal | None) -> Shown:
    """How a picture is sent to a hosted model."""
    (width, height), (columns, rows) = planned.size, planned.grid
    tokens = "tokens unknown" if planned.tokens is None else f"{planned.tokens:,}"
    lines = [f"{width} x {height} px, sent by the rule {planned.rule.name}"]
    if planned.boxes:
        across, down = planned.boxes[0].size
        lines.append(f"slices      {columns} x {rows} (columns x rows), each about {across} x {down} px")
    lines.append(f"overview    {planned.overview_size[0]} x {planned.overview_size[1]}, first")
    lines.append(f"tokens      {tokens} in {planned.num_images} image{'s' if planned.num_images > 1 else ''}")
    lines.append(f"kept        {planned.retained:.0%} of the pixels; {planned.alone:.0%} as one image")
    if cost is not None:
        lines.append(f"cost        about ${cost:.4f} with the answer")
    if planned.retained < 0.95:
        lines.append("warning     limits leave less than the whole detail: small print may be lost")
    marked = tuple(
        Marked(
            box, (f"r{place // columns + 1} c{place % columns + 1}", "{}x{}".format(*planned.seen_size(box)))
        )
        for place, box in enumerate(planned.boxes)
    )
    overview = planned.overview_size
    if not marked:
        whole = Marked(Box(0, 0, width, height), ("whole", f"{overview[0]}x{overview[1]}"))
        return Shown((whole,), None, "\n".join(lines))
    return Shown(marked, overview, "\n".join(lines))


def shown_whole(picture: Picture, model: ModelName) -> Shown:
    """How a picture is given to a model that runs here and cuts it up by its own rule.

    Raises:
        NimueError: The model's processor cannot be had.
    """
    width, height = picture.size
    lines = [f"{width} x {height} px, given whole to {model}", "slices      by the model's own rule"]
    if model.provider == "transformers":
        from agents.llm.transformers_local import picture_tokens

        lines.append(f"tokens      {picture_tokens(model.name, picture.image):,}, by its own processor")
    whole = Marked(Box(0, 0, width, height), ("whole", f"{width}x{height}"))
    return Shown((whole,), None, "\n".join(lines))


def print_plan(picture: Picture, shown: Shown, console: Console) -> None:
    """The drawing, the words and what other rules would make of the picture."""
    columns = min(console.width, 100)
    console.print(draw_in_text(picture.image, shown.marked, columns=columns), markup=False, highlight=False)
    console.print(shown.words, markup=False, highlight=False)
    console.print()
    console.print(compared(picture.size))


def compared(size: Size) -> Table:
    """Slices, tokens and kept pixels under other rules."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Other rules")
    for heading in ("slices", "tokens", "kept"):
        table.add_column(heading, justify="right")
    for name in _COMPARED:
        local = plan(size, PROFILES[name])
        table.add_row(
            name, "{} x {}".format(*local.grid), f"{local.positions:,}", f"{measure(local).retained:.0%}"
        )
    for rule in hosted_rules():
        if rule.name in _COMPARED_HOSTED:
            sent = plan_hosted(size, rule)
            tokens = "-" if sent.tokens is None else f"{sent.tokens:,}"
            table.add_row(rule.name, "{} x {}".format(*sent.grid), tokens, f"{sent.retained:.0%}")
    return table


def save_drawing(picture: Picture, shown: Shown, path: Path) -> None:
    """Write the slices drawn on the picture.

    Raises:
        NimueFailure: The file cannot be written.
    """
    sheet = draw_on_picture(picture.image, shown.marked, overview=shown.overview, words=shown.words)
    try:
        sheet.save(path, "PNG")
    except OSError as error:
        raise NimueFailure(f"{path} cannot be written: {error.strerror or error}.") from error
