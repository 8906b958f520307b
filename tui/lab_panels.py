"""The words, bars and tables about a run of the laboratory. Pure texts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich.text import Text

from agents.cli.table_text import plain
from agents.lab.result_rows import rows_by_name, titles_of
from tui.braille_plot import LETTERS, STYLES, number, plot
from tui.curve import Curve
from tui.expel_panels import bar, clock
from tui.lab_progress import LabProgress


def progress_text(progress: LabProgress, now: datetime | None) -> Text:
    """The stage, how far it is and how long it may take; `now` is None of a run that nobody works on."""
    line = Text(" ")
    at = progress.summary.progress
    if at is not None and progress.summary.state != "finished":
        if at.stage:
            line.append(f"{plain(at.stage)} ", style="bold")
        line.append(f"{bar(at.done / at.total if at.total else 0.0, 20)} {at.done}/{at.total}")
        left = progress.seconds_left(now) if now is not None else None
        if left is not None and at.done < at.total:
            line.append(f", about {clock(left)} left")
        if len(progress.stages) > 1:
            line.append(f"   stage {len(progress.stages)}", style="dim")
    if progress.summary.seconds is not None:
        line.append(f"took {clock(progress.summary.seconds)}")
    return line


def figure_names(progress: LabProgress) -> list[str]:
    """What has a curve or a final value, in the order in which it came."""
    return list(dict.fromkeys([*progress.curves, *progress.summary.metrics]))


def figure_line(progress: LabProgress, name: str, width: int) -> Text:
    """A figure with its final value, or else its latest one."""
    final = progress.summary.metrics.get(name)
    value = progress.summary.latest.get(name) if final is None else final
    told = "-" if value is None else number(value)
    room = max(width - len(told) - 1, 4)
    shown = plain(name).replace("_", " ")
    if len(shown) > room:
        shown = shown[: room - 1] + "…"
    return Text.assemble(f"{shown:{room}} ", (told, "bold" if final is not None else ""))


def curve_lines(curves: Mapping[str, Curve], width: int, height: int) -> list[Text]:
    """The curves of one value, the latest stages of them, with their letters and latest values."""
    shown = list(curves.items())[-len(LETTERS) :]
    is_one = len(shown) == 1
    most_legend = max(height // 3, 1)
    legend: list[Text] = []
    for place, (stage, curve) in enumerate(shown):
        latest = "-" if curve.latest is None else f"{number(curve.latest)} at {curve.latest_step}"
        line = Text.assemble((f" {LETTERS[place]} ", f"bold {STYLES[place]}"))
        legend.append(line.append(f"{plain(stage)}  {latest}" if stage or not is_one else latest))
    if len(legend) > most_legend:
        hidden = len(legend) - most_legend + 1
        legend = [
            *legend[len(legend) - most_legend + 1 :],
            Text(f" and {hidden} more in the drawing", style="dim"),
        ]
    if len(curves) > len(shown):
        legend[-1].append(f"  (the last {len(shown)} of {len(curves)} stages)", style="dim")
    drawing = plot([curve.points() for _, curve in shown], width, height - len(legend))
    if not drawing:
        return [Text("Nothing to draw yet.", style="dim")]
    for line in legend:
        line.truncate(width, overflow="ellipsis")
    return [*drawing, *legend]


def settings_lines(params: Mapping[str, Any], defaults: Mapping[str, object]) -> list[Text]:
    """What the job was asked; what differs from the defaults stands out."""
    lines = []
    for name, value in params.items():
        differs = str(defaults.get(name)) != str(value)
        line = Text.assemble((f"{plain(name)} ", "bold" if differs else "dim"), plain(str(value)))
        lines.append(line.append("  *") if differs else line)
    lines.append(Text("* not the default", style="dim"))
    return lines


Table = tuple[tuple[str, ...], list[tuple[str, ...]]]


def result_tables(result: Mapping[str, Any]) -> dict[str, Table]:
    """A result as tables by name: its figures, every list of rows that it holds, and what else it says."""
    found: dict[str, Table] = {}
    metrics = result.get("metrics") or {}
    if metrics:
        found["figures"] = (("figure", "value"), [(name, _cell(value)) for name, value in metrics.items()])
    lists = rows_by_name(result)
    for name, rows in lists.items():
        titles = titles_of(rows)
        found[name] = (titles, [tuple(_cell(row.get(title)) for title in titles) for row in rows])
    rest: list[tuple[str, ...]] = [
        (name, _cell(value))
        for name, value in result.items()
        if name not in ("metrics", "artifacts") and name not in lists
    ]
    if rest:
        found["also"] = (("what", "value"), rest)
    return found


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return number(value) if isinstance(value, float) else plain(str(value))[:_MOST_IN_A_CELL]


_MOST_IN_A_CELL = 200
