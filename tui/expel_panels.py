"""The words and bars of the ExpeL dashboard. Pure texts."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from rich.text import Text

from agents.cli.table_text import plain
from tui.expel_progress import GATHER, Cell, ExpelProgress, Operation

LEGEND = "1, 2 ... solved at that trial   ✗ failed   ▸ trying   · waits"


def cell_text(cell: Cell) -> Text:
    """A sign for one arm at one task; several seeds as "2/3"."""
    if cell.num_ended > 1:
        style = "green" if cell.num_solved == cell.num_ended else "yellow" if cell.num_solved else "red"
        return Text(f"{cell.num_solved}/{cell.num_ended}", style=style)
    match cell.state:
        case "solved":
            return Text(str(cell.trial + 1), style="bold green")
        case "failed":
            return Text("✗", style="red")
        case "trying":
            return Text(f"▸{cell.trial + 1}" if cell.trial else "▸", style="cyan")
        case "waiting":
            return Text("·", style="dim")


def bar(share: float, width: int) -> str:
    """A share as a bar."""
    filled = round(min(max(share, 0.0), 1.0) * width)
    return "█" * filled + "░" * (width - filled)


def clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def progress_line(progress: ExpelProgress, cost: Decimal | None, now: datetime | None) -> Text:
    """Phase, how far, time left, what it took; `now` is None of a run that nobody works on."""
    line = Text(" ")
    if progress.phase:
        share = progress.done / progress.total if progress.total else 0.0
        line.append(f"{progress.phase} ", style="bold")
        line.append(f"{bar(share, 16)} {progress.done}/{progress.total}")
        left = progress.seconds_left(now) if now is not None else None
        if left is not None and progress.done < progress.total:
            line.append(f", about {clock(left)} left")
    used = progress.usage
    line.append(f"   {used.calls:,} calls, {used.total_tokens:,} tokens")
    line.append(", cost unknown" if cost is None else f", ${cost:.3f}" if cost else "")
    return line


def success_panel(progress: ExpelProgress, width: int) -> Text:
    """Successes over the trials of the gathering, then a bar an arm."""
    lines: list[Text] = []
    room = max(width - 22, 6)
    solved = 0
    num_tasks = max(len(progress.tasks), 1)
    if GATHER in progress.arms:
        lines.append(Text("gather, solved by trial", style="bold"))
        for trial in range(progress.retries + 1):
            solved += progress.solved_by_trial.get(trial, 0)
            lines.append(
                Text(f"{trial + 1:>3} {bar(solved / num_tasks, room)} {solved}/{len(progress.tasks)}")
            )
    arms = [arm for arm in progress.arms if arm != GATHER]
    if arms:
        lines.append(Text("evaluate, solved by arm", style="bold"))
    for arm in arms:
        won, ended = progress.rate(arm)
        lines.append(
            Text(f"{arm[:10]:10} {bar(won / ended if ended else 0, max(room - 7, 4))} {won}/{ended}")
        )
    return Text("\n").join(lines)


def insights_panel(
    operations: list[Operation], texts: Mapping[str, str], notes: list[str], count: int
) -> Text:
    """The latest operations on the insights, the newest first, and what went wrong on the way."""
    lines = [Text(f"! {plain(note)}", style="yellow") for note in notes[-3:]]
    for one in reversed(operations[-count:]):
        verdict = "" if one.accepted else f" rejected ({one.code})"
        words = plain(texts.get(one.insight or "", one.insight or "-"))
        lines.append(
            Text.assemble((f"fold {one.fold} {one.op}{verdict} ", "bold" if one.accepted else "dim"), words)
        )
    if not operations:
        lines.append(Text("None yet: they are extracted after the gathering.", style="dim"))
    return Text("\n").join(lines)
