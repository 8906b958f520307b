"""The results of an evaluation as tables on a terminal."""

from rich.console import Console
from rich.table import Table

from agents.arena.statistics import Rate
from agents.arena.wording import NONE, points_span
from agents.expel.results import Results


def print_results(console: Console, results: Results) -> None:
    """Rates of the arms, differences to the reference, and rates by kind of task."""
    arms = Table(title=f"{results.num_tasks} tasks, {results.num_seeds} seed(s)", title_justify="left")
    for name in ("arm", "solved", "95 % interval", "steps", "in vain", "tokens", "tokens per solved"):
        arms.add_column(name, justify="left" if name == "arm" else "right", no_wrap=name == "arm")
    for one in results.arms:
        arms.add_row(
            one.arm,
            f"{one.rate.hits}/{one.rate.trials} ({_percent(one.rate)})",
            _span(one.rate),
            f"{one.steps:.1f}",
            f"{one.invalid:.2f}",
            f"{one.tokens:,.0f}",
            "-" if one.tokens_per_solved is None else f"{one.tokens_per_solved:,.0f}",
        )
    console.print(arms)
    if results.differences:
        differences = Table(title=f"Against {results.differences[0].reference}", title_justify="left")
        for name in (
            "arm",
            "difference",
            "95 % interval",
            "score interval",
            "won / lost",
            "p (Holm)",
            "steps",
        ):
            differences.add_column(name, justify="left" if name == "arm" else "right", no_wrap=name == "arm")
        for each in results.differences:
            differences.add_row(
                each.arm,
                f"{100 * each.rate.value:+.1f}",
                points_span(each.rate) or NONE,
                points_span(each.score) or NONE,
                f"{each.only_arm} / {each.only_reference}",
                f"{each.p:.3f} ({each.p_holm:.3f})",
                f"{each.steps.value:+.1f}",
            )
        console.print(differences)
    kinds = sorted({kind for one in results.arms for kind in one.by_kind})
    if len(kinds) > 1:
        table = Table(title="Solved by kind of task", title_justify="left")
        table.add_column("arm")
        for kind in kinds:
            table.add_column(kind, justify="right")
        for one in results.arms:
            rates = [one.by_kind.get(kind) for kind in kinds]
            table.add_row(one.arm, *("-" if rate is None else f"{rate.hits}/{rate.trials}" for rate in rates))
        console.print(table)


def _percent(rate: Rate) -> str:
    return "-" if rate.rate is None else f"{100 * rate.rate:.0f} %"


def _span(rate: Rate) -> str:
    if rate.low is None or rate.high is None:
        return "-"
    return f"{100 * rate.low:.0f} to {100 * rate.high:.0f} %"
