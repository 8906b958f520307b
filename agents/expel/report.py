"""A run as a report: what was asked, what was gathered and learned, what it gained, and what to doubt.

Written into the run's `artifacts`: `report.md` for people, `results.json` for programs, a picture.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from agents.arena.statistics import Interval, Rate
from agents.arena.wording import NONE, points_span
from agents.expel.behaviour import DOCSTORES, counters_of
from agents.expel.folds import NEAR_DUPLICATE
from agents.expel.results import Meeting, Results, meetings_of, results_of
from agents.expel.settings import ExpelSettings
from agents.runs.event_log import RunEvent, read_events
from agents.runs.folder import RunFolder
from games.errors import GameError
from games.text.env import Task
from games.text.suites import open_suite
from memory.experiences import ExperienceStore
from memory.workspace import Workspace

_MARKDOWN = str.maketrans({character: f"\\{character}" for character in "\\`*_{}[]<>|#"})


@dataclass(frozen=True, slots=True)
class Written:
    """Where a report lies, and its text."""

    folder: Path
    text: str
    results: Results | None


def write_report(run: RunFolder) -> Written:
    """Write the report of a run, finished or not."""
    settings = ExpelSettings(**run.asked())
    events = list(read_events(run.events))
    meetings = meetings_of(events)
    results = results_of(meetings)
    counters = _counters(run, settings, events, meetings)
    parts = [
        _head(run, settings, events),
        _gathered(events),
        _extracted(events),
        *([_compared(results), _behaviour(counters)] if results else []),
        _doubts(settings, events, results),
    ]
    text = "\n\n".join(part for part in parts if part) + "\n"
    run.artifacts.mkdir(exist_ok=True)
    (run.artifacts / "report.md").write_text(text, encoding="utf-8")
    told = {
        "run": run.id,
        "settings": settings.model_dump(mode="json"),
        "results": None if results is None else results.to_json(),
        "behaviour": counters,
        "meetings": [asdict(one) for one in meetings],
    }
    (run.artifacts / "results.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    if results is not None:
        draw(results, run.artifacts / "results.png")
    return Written(run.artifacts, text, results)


def _head(run: RunFolder, settings: ExpelSettings, events: Sequence[RunEvent]) -> str:
    started = next((event.data for event in events if event.kind == "started"), {})
    finished = any(event.kind == "finished" for event in events)
    lines = [
        f"# {run.id}",
        "",
        f"- Environment: {settings.env}, {_plain(str(started.get('origin', '')))}",
        f"- Wording of the environment: {started.get('fingerprint', '?')}",
        f"- Model: {settings.model} (form {settings.form}, "
        f"{'held to admissible actions' if settings.constrained else 'free actions'}); "
        f"insights by {settings.insight_model}",
        f"- At most {settings.max_steps} actions, {settings.num_examples} examples, "
        f"{settings.retries} retries",
        f"- Embedder: {started.get('embedder', '?')}; insights "
        f"{'before' if settings.insights_before_examples else 'after'} the examples; "
        f"engine {settings.engine}",
        "- Tokens of lengths and limits are estimated at four characters each; those of calls are the "
        "provider's own count.",
        f"- {'Finished' if finished else 'NOT FINISHED: the figures are of what is done so far'}",
    ]
    return "\n".join(lines)


def _gathered(events: Sequence[RunEvent]) -> str:
    attempts = [e.data for e in events if e.kind == "attempt" and e.data["phase"] == "gather"]
    if not attempts:
        return ""
    kinds: dict[str, dict[str, int]] = {}
    for one in attempts:
        counts = kinds.setdefault(one["kind"], {"tasks": 0, "first": 0, "solved": 0, "attempts": 0})
        counts["attempts"] += 1
        counts["tasks"] += one["trial"] == 0
        if one["outcome"] == "success":
            counts["solved"] += 1
            counts["first"] += one["trial"] == 0
    rows = [
        (_plain(kind), c["tasks"], f"{c['first']}", f"{c['solved']}", c["attempts"])
        for kind, c in kinds.items()
    ]
    return "## Gathering\n\n" + _table(("kind", "tasks", "solved at once", "solved", "attempts"), rows)


def _extracted(events: Sequence[RunEvent]) -> str:
    steps = [event.data for event in events if event.kind == "insights"]
    used = [event.data for event in events if event.kind == "insights_used"]
    if not steps and not used:
        return ""
    counts: dict[str, int] = {}
    for step in steps:
        for one in step["operations"]:
            name = one["op"] if one["accepted"] else f"rejected ({one['code']})"
            counts[name] = counts.get(name, 0) + 1
    unread = sum(event.kind == "insights_unread" for event in events)
    told = ", ".join(f"{name} {number}" for name, number in sorted(counts.items())) or "none"
    lines = ["## Insights", ""]
    if steps:
        lines.append(f"{len(steps)} calls; operations: {told}; answers that could not be read: {unread}.")
    for one in used:
        lines += ["", f"Used in fold {one['fold']} ({_plain(one['set'])}):", ""]
        lines += [f"{n}. {_plain(text)}" for n, text in enumerate(one["texts"], start=1)] or ["(none)"]
    return "\n".join(lines)


def _compared(results: Results) -> str:
    arms = [
        (
            one.arm,
            f"{one.rate.hits}/{one.rate.trials}",
            _percent(one.rate.rate),
            _span(one.rate),
            f"{_percent(one.fold_mean)} ± {_percent(one.fold_error)}",
            " / ".join(_percent(share) for share in one.by_retry),
            f"{one.reward:.3f}",
            f"{one.steps:.1f}",
            f"{one.invalid:.2f}",
            f"{one.tokens:,.0f}",
        )
        for one in results.arms
    ]
    text = [
        "## Evaluation",
        "",
        f"{results.num_tasks} tasks, {results.num_seeds} seed(s). Intervals are of 95 %. An unpaired "
        f"interval at a rate of one half is ±{100 * results.half_width:.1f} points wide for as many tasks; "
        "the mean over folds ± its standard error, as in the paper, understates how unsure a rate is.",
        "",
        _table(
            (
                "arm", "solved", "rate", "interval", "folds", "with 0, 1 ... retries", "reward", "steps",
                "in vain", "tokens",
            ),
            arms,
        ),
    ]  # fmt: skip
    if results.differences:
        rows = [
            (
                each.arm,
                f"{100 * each.rate.value:+.1f}",
                points_span(each.rate) or NONE,
                points_span(each.score) or NONE,
                f"{each.only_arm} / {each.only_reference}",
                f"{each.p:.3f}",
                f"{each.p_holm:.3f}",
                f"{each.steps.value:+.1f} ({_plain_span(each.steps)})",
            )
            for each in results.differences
        ]
        header = (
            "arm",
            "points",
            "interval",
            "score interval",
            "won / lost",
            "p (McNemar)",
            "p (Holm)",
            "steps",
        )
        reference = results.differences[0].reference
        how = "bootstrap over tasks; the score interval is Tango's, for one seed, and better with few tasks"
        text += ["", f"Against {reference}, task by task ({how}):", "", _table(header, rows)]
    kinds = sorted({kind for one in results.arms for kind in one.by_kind})
    by_kind = [
        (one.arm, *(f"{one.by_kind[kind].hits}/{one.by_kind[kind].trials}" for kind in kinds))
        for one in results.arms
    ]
    return "\n".join([*text, "", _table(("arm", *map(_plain, kinds)), by_kind)])


def _counters(
    run: RunFolder, settings: ExpelSettings, events: Sequence[RunEvent], meetings: Sequence[Meeting]
) -> dict[str, dict[str, float | None]]:
    if not meetings or not (Path(settings.memory) / "memory.sqlite").is_file():
        return {}
    with Workspace(Path(settings.memory), read_only=True) as workspace:
        attempts = ExperienceStore(workspace).find(domain=settings.env, run_id=run.id)
    arms = dict.fromkeys(one.arm for one in meetings)
    tasks = _docstore_tasks(settings)
    return {
        arm: counters_of(
            settings.env,
            [one for one in attempts if one.phase == "eval" and one.arm == arm],
            settings.max_steps or 0,
            tasks,
        )
        for arm in arms
    }


def _docstore_tasks(settings: ExpelSettings) -> dict[str, Task] | None:
    """The questions with their answers; None for other environments, and where their file is gone."""
    if settings.env not in DOCSTORES:
        return None
    try:
        return {task.id: task for task in open_suite(settings.env, settings.data_path()).tasks}
    except GameError:  # what is left out then is said in the report
        return None


def _behaviour(counters: Mapping[str, Mapping[str, float | None]]) -> str:
    names = sorted({name for values in counters.values() for name in values})
    if not names:
        return ""
    rows = [(arm, *(_percent(values.get(name)) for name in names)) for arm, values in counters.items()]
    return "### Behaviour\n\n" + _table(("arm", *(name.replace("_", " ") for name in names)), rows)


def _doubts(settings: ExpelSettings, events: Sequence[RunEvent], results: Results | None) -> str:
    doubts = []
    if settings.pool == "all_but_self":
        doubts.append(
            "Examples came from the evaluated fold too (pool all_but_self): the rates are too good."
        )
    broken = [event.data for event in events if event.kind == "task_broken"]
    if broken:
        why = _plain(str(broken[0]["reason"]))
        doubts.append(f"{len(broken)} attempts could not be played and count as unsolved ({why}).")
    alike = [pair for event in events if event.kind == "near_duplicates" for pair in event.data["pairs"]]
    if alike:
        first = " and ".join(_plain(task) for task in alike[0])
        doubts.append(
            f"{len(alike)} pairs of tasks in different folds are nearly the same (cosine above "
            f"{NEAR_DUPLICATE}), such as {first}: one may give the other away."
        )
    drifted = sum(event.kind == "env_drift" for event in events)
    if drifted:
        doubts.append(f"{drifted} attempts were made anew because the environment had changed.")
    if results is not None and settings.model.startswith("scripted"):
        doubts.append("A stand-in acted, not a language model: this shows the machinery, no skill.")
    if results is not None and settings.env in DOCSTORES and _docstore_tasks(settings) is None:
        where = _plain(str(settings.data))
        doubts.append(f"The tasks of {where} cannot be read now: F1 and pages not found are left out.")
    shortened = sum(event.kind == "chunk_shortened" for event in events)
    if shortened:
        doubts.append(f"{shortened} prompts of the extraction were shortened.")
    return "## To keep in mind\n\n" + "\n".join(f"- {doubt}" for doubt in doubts) if doubts else ""


def draw(results: Results, path: Path) -> None:
    """Rates with their intervals, one bar an arm."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 0.5 * len(results.arms) + 1.2), layout="constrained")
    for place, one in enumerate(results.arms):
        rate, low, high = one.rate.rate or 0.0, one.rate.low or 0.0, one.rate.high or 0.0
        axes.barh(place, 100 * rate, color="#5b8db8", height=0.6)
        axes.plot([100 * low, 100 * high], [place, place], color="#1d3557", linewidth=2)
    axes.set_yticks(range(len(results.arms)), [one.arm for one in results.arms])
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel(f"solved, % of {results.num_tasks} tasks (95 % interval)")
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows)])


def _plain(text: str) -> str:
    """A text from outside, without mark-up and on one line."""
    return " ".join(text.split()).translate(_MARKDOWN)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"


def _span(rate: Rate) -> str:
    return "-" if rate.low is None else f"{_percent(rate.low)} to {_percent(rate.high)}"


def _plain_span(interval: Interval) -> str:
    if interval.low is None or interval.high is None:
        return "-"
    return f"{interval.low:+.1f} to {interval.high:+.1f}"
