"""`avalon judge`: which of two agents speaks better, by a model that does not know whose words are whose."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Group, Parameter

from agents.cli.model_flags import ModelFlags
from agents.errors import NimueError

if TYPE_CHECKING:
    from agents.arena.judge import Judging, Planned
    from agents.arena.judge_scores import Agreement, JudgeScores
    from agents.llm.resolve import Resolved
    from agents.runs.folder import RunFolder

Flag = Annotated[bool, Parameter(negative="")]
_MODEL = Group("The judge", sort_key=1)


@dataclass(frozen=True, kw_only=True)
class JudgeModelFlags(ModelFlags):
    """The model that judges."""

    model: str | None = None
    """provider:model of the judge; better not the one that played (default: NIMUE_MODEL, a key in the
    environment, else the embedded model)."""
    concurrency: int = 8
    """The most calls of a hosted model at once."""


_NO_MODEL = JudgeModelFlags()


def judge(
    run: Path | None = None,
    other: Path | None = None,
    *,
    agents: str | None = None,
    limit: int | None = None,
    labels: Path | None = None,
    seed: int = 0,
    out: Path = Path("runs"),
    resume: str | None = None,
    plan: Flag = False,
    json: Flag = False,
    models: Annotated[JudgeModelFlags, Parameter(name="*", group=_MODEL)] = _NO_MODEL,
) -> int:
    """Compare how two agents speak, in the six qualities of the ReCon paper.

    Pairs of speeches at comparable moments are put to a judge that sees neither names nor seat numbers,
    each pair in both orders: a preference that does not survive the change of order counts as a tie.

    Args:
        run: A run's folder, a folder of runs, or a transcript.
        other: The second agent's games, if they are not in the first place.
        agents: Whom to compare, as A,B (default: the two agents that speak).
        limit: Judge at most so many pairs, the most comparable first.
        labels: A person's choices to hold the judge against: JSON lines
            {"pair": "p0001", "logic": "first"}, on the run's artifacts/pairs.jsonl.
        seed: Seed of the pairing.
        out: Folder that runs are kept in.
        resume: Go on with a judging: its id under --out, or its path.
        plan: Only say what would be asked and how much it would take.
        json: Print one JSON object and nothing else.
    """
    import asyncio

    from agents.arena.judge import judge as run_judge
    from agents.arena.judge import keep_pairs
    from agents.arena.judge_scores import read_labels, score
    from agents.cli.local_files import ensure_local_model
    from agents.recon.game import Limits

    given_labels = None if labels is None else read_labels(labels)
    if resume is not None:
        given = [
            ("RUN", run),
            ("OTHER", other),
            ("--agents", agents),
            ("--limit", limit),
            ("--model", models.model),
            ("--temperature", models.temperature),
        ]
        fixed = [name for name, value in given if value is not None]
        if fixed:
            raise NimueError(f"--resume goes on with what was asked; leave out {', '.join(fixed)}.")
        folder, planned = _resumed(resume, out)
        resolved = None
    elif run is None:
        raise NimueError("Name a run to judge, for example: avalon judge runs/RUN --model scripted")
    else:
        planned, resolved = _planned(run, other, agents, models, seed, limit)
        folder = None
    _say_plan(planned, resolved)
    if plan:
        if json:
            print(dumps(_plan_json(planned)))
        return 0
    name = planned.config.model_name()
    ensure_local_model(name, quiet=json)
    if folder is None:
        folder = _created(out, planned)
        keep_pairs(folder, planned.pairs)
    print(f"run {folder.path}", file=sys.stderr)
    options = models.options(seed=planned.config.seed, temperature=planned.config.temperature)
    with folder.locked(), _Progress(len(planned.pairs)) as progress:
        judging = asyncio.run(
            run_judge(
                folder,
                planned,
                limits=Limits(max_cost=models.max_cost, max_tokens=models.max_tokens),
                options=options,
                judged=progress.advance,
            )
        )
    scores = score(judging.judged, given_labels)
    result = _result_json(folder, planned, judging, scores)
    (folder.artifacts / "result.json").write_text(dumps(result, indent=2) + "\n", encoding="utf-8")
    if json:
        print(dumps(result))
    else:
        _print_scores(planned, judging, scores, folder)
    return 0


def _planned(
    run: Path,
    other: Path | None,
    agents: str | None,
    models: JudgeModelFlags,
    seed: int,
    limit: int | None,
) -> tuple[Planned, Resolved]:
    import os

    from agents.arena.judge import plan_judging
    from agents.llm.resolve import resolve_model

    if seed < 0:
        raise NimueError(f"--seed {seed}: a seed is a whole number from 0 on.")
    resolved = resolve_model(models.model, os.environ)
    names = [] if agents is None else [name.strip() for name in agents.split(",")]
    planned = plan_judging(
        run,
        other,
        model=resolved.model,
        agents=names,
        temperature=models.temperature,
        seed=seed,
        limit=limit,
    )
    return planned, resolved


def _resumed(resume: str, out: Path) -> tuple[RunFolder, Planned]:
    from agents.arena.judge import RUN_KIND, planned_before
    from agents.runs.folder import open_run

    folder = open_run(resume, out, RUN_KIND)
    return folder, planned_before(folder)


def _created(out: Path, planned: Planned) -> RunFolder:
    from agents.arena.judge import RUN_KIND
    from agents.runs.folder import create_run

    return create_run(out, RUN_KIND, planned.config.model_dump())


class _Progress:
    """Counts judged pairs on the terminal's error stream; silent in a pipe."""

    def __init__(self, pairs: int) -> None:
        from rich.console import Console

        self._status = Console(stderr=True).status(f"judging 0 of {pairs} pairs")
        self._pairs = pairs
        self._done = 0

    def __enter__(self) -> _Progress:
        self._status.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._status.stop()

    def advance(self, judged: object) -> None:
        self._done += 1
        self._status.update(f"judging {self._done} of {self._pairs} pairs")


def _say_plan(planned: Planned, resolved: Resolved | None) -> None:
    config = planned.config
    why = f" ({resolved.reason})" if resolved else ""
    print(
        f"{config.agent_a} (A) against {config.agent_b} (B): {len(planned.pairs)} "
        f"{'pair' if len(planned.pairs) == 1 else 'pairs'} of speeches, "
        f"{planned.calls} calls of {config.model}{why}, about {planned.input_tokens:,} tokens in and "
        f"{planned.output_tokens:,} out",
        file=sys.stderr,
    )
    if config.judges_itself:
        print(
            f"Note: {config.model} also played in these games and may prefer its own way of speaking; "
            "choose another judge with --model.",
            file=sys.stderr,
        )


def _plan_json(planned: Planned) -> dict[str, Any]:
    return {
        "agent_a": planned.config.agent_a,
        "agent_b": planned.config.agent_b,
        "model": planned.config.model,
        "pairs": len(planned.pairs),
        "calls": planned.calls,
        "input_tokens_about": planned.input_tokens,
        "output_tokens_about": planned.output_tokens,
    }


def _result_json(
    folder: RunFolder, planned: Planned, judging: Judging, scores: JudgeScores
) -> dict[str, Any]:
    from agents.arena.judge_pairs import counts_by_closeness

    return {
        "run": str(folder.path),
        **{key: value for key, value in _plan_json(planned).items() if not key.endswith("_about")},
        "prompt_version": planned.config.prompt_version,
        "judge_also_played": planned.config.judges_itself,
        "pairs_by_closeness": counts_by_closeness(planned.pairs),
        **scores.to_json(),
        "usage": {
            "calls": judging.usage.calls,
            "input_tokens": judging.usage.input_tokens,
            "cached_tokens": judging.usage.cached_tokens,
            "output_tokens": judging.usage.output_tokens,
            "cost_usd": None if judging.cost is None else str(judging.cost),
        },
    }


def _print_scores(planned: Planned, judging: Judging, scores: JudgeScores, folder: RunFolder) -> None:
    from rich.console import Console
    from rich.text import Text

    from agents.cli.table_text import columns, plain

    console = Console(highlight=False)
    config = planned.config
    rows = [
        [
            Text(word, style="bold")
            for word in ("quality", "A wins", "B wins", "ties", "A of decided", "95 %", "same in both orders")
        ]
    ]
    for one in scores.qualities:
        share = one.win_share
        interval = "" if share.low is None or share.high is None else f"{share.low:.2f} to {share.high:.2f}"
        rows.append(
            [
                Text(word)
                for word in (
                    one.quality,
                    str(one.wins_a),
                    str(one.wins_b),
                    str(one.ties),
                    _number(share.rate),
                    interval,
                    _number(one.consistency.rate),
                )
            ]
        )
    lines = [
        Text(plain(f"A {config.agent_a}   B {config.agent_b}   judge {config.model}", console.encoding)),
        *columns(rows),
        Text(
            f"first picks {_number(scores.first_picks.rate)} (0.50 without position bias); "
            f"{scores.incomplete} of {len(judging.judged)} pairs left out for want of an answer"
        ),
    ]
    for name, agreement in (scores.agreement or {}).items():
        lines.append(Text(f"labels, {name}: {_agreement_text(agreement)}"))
    used = judging.usage
    cost = "cost unknown" if judging.cost is None else f"${judging.cost:.4f}"
    lines += [
        Text(f"{used.calls} calls, {used.input_tokens:,} tokens in, {used.output_tokens:,} out, {cost}"),
        Text(f"kept in {folder.path}"),
    ]
    for line in lines:
        console.print(line, soft_wrap=True)


def _agreement_text(agreement: Agreement) -> str:
    return f"{agreement.agreed.hits} of {agreement.agreed.of} agree, kappa {_number(agreement.kappa)}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
