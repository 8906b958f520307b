"""Folders of runs as the commands leave them, made without running one."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from agents.runs.event_log import EventLog
from agents.runs.folder import RunFolder
from games.avalon.events import Event
from games.avalon.setup import TABLE_RULES, preset

HOSTILE = "[red]no[/red] [/] [@click=app.quit]x[/] \x1b[31mred\x1b[0m \u202eback \x07 [b"
"""What a model may write to move the cursor, colour the screen or run an action."""


def make_run(
    root: Path, name: str, kind: str, asked: dict[str, Any], events: Sequence[tuple[str, dict[str, Any]]]
) -> RunFolder:
    """A run's folder as its commands leave it."""
    folder = root / name
    (folder / "artifacts").mkdir(parents=True)
    facts = {"version": 1, "id": name, "kind": kind, "asked": asked, "started": "2026-01-02T03:04:05+00:00"}
    (folder / "run.json").write_text(json.dumps(facts), encoding="utf-8")
    with EventLog(folder / "events.jsonl") as log:
        for event, data in events:
            log.append(event, data)
    return RunFolder(folder)


def game_run(
    root: Path, name: str, events: Sequence[Event], *, agents: str = "logic", **asked: Any
) -> RunFolder:
    """The run of a game, so far as these events go."""
    setup = preset("6-recon", TABLE_RULES).to_json()
    config = {"setup": setup, "seed": 2, "agents": agents, "model": "scripted:0", **asked}
    told: list[tuple[str, dict[str, Any]]] = [("started", config)]
    told += [("game", {"n": number, "event": event._asdict()}) for number, event in enumerate(events)]
    if events and events[-1].type == "end":
        told.append(("finished", {"winner": events[-1].data["winner"]}))
    return make_run(root, name, "avalon.play", config, told)


def expel_events(*, hostile: bool = False) -> list[tuple[str, dict[str, Any]]]:
    """A training on three tasks: solved at once, at the second trial, never; then an insight."""
    said = HOSTILE if hostile else "I open the drawer first."
    settings = {
        "env": "hotpotqa", "model": "scripted:0", "phases": ["gather", "extract"], "retries": 1,
        "arms": "react,expel", "memory": "memory",
    }  # fmt: skip
    tasks = {"one": "bridge", "two/2": "bridge", "three": "comparison"}
    events: list[tuple[str, dict[str, Any]]] = [
        ("started", {"settings": settings, "origin": "made for a test", "tasks": tasks}),
        ("phase", {"phase": "gather", "total": 3}),
    ]
    for task, outcomes in {
        "one": ["success"],
        "two/2": ["fail", "success"],
        "three": ["fail", "halted"],
    }.items():
        for trial, outcome in enumerate(outcomes):
            name = f"gather/gather/{task}/0/{trial}"
            for kind, text in (("observation", "A room."), ("thought", said), ("action", "open drawer")):
                events.append(
                    ("entry", {"attempt": name, "kind": kind, "text": text, "step": 1, "answer": 1})
                )
            events.append(("attempt", _attempt(name, task, tasks[task], trial, outcome)))
            if outcome != "success" and trial == 0:
                events.append(("reflection", {"attempt": name, "text": said}))
    operations = [{"op": "ADD", "insight": "I-1", "accepted": True, "code": None}]
    events += [
        ("phase_done", {"phase": "gather"}),
        ("phase", {"phase": "extract", "total": 2}),
        ("insights", {"fold": 0, "step": 0, "kind": "pair", "operations": operations}),
    ]
    return events


def _attempt(name: str, task: str, kind: str, trial: int, outcome: str) -> dict[str, Any]:
    return {
        "attempt": name, "phase": "gather", "arm": "gather", "task": task, "kind": kind, "trial": trial,
        "seed": 0, "fold": None, "outcome": outcome, "ending": "done", "reward": float(outcome == "success"),
        "steps": 1, "invalid": 0, "translated": 0, "experience": "e", "calls": 2, "input_tokens": 100,
        "output_tokens": 10,
    }  # fmt: skip


def make_world(root: Path, game: Sequence[Event]) -> Path:
    """Four runs: a finished game, one that was stopped, a training, a broken folder."""
    game_run(root, "avalon-play-1-done", game)
    game_run(root, "avalon-play-2-stopped", game[:60], seed=6)
    make_run(root, "expel-3", "expel", dict(expel_events()[0][1]["settings"]), expel_events())
    (root / "lab-4-broken").mkdir()
    (root / "lab-4-broken" / "run.json").write_text('{"version": 1, "kind"', encoding="utf-8")
    return root


def lab_run(
    root: Path,
    name: str,
    *,
    finished: bool = True,
    rate: float = 0.3,
    said: str = "Fitting.",
    steps: int = 30,
) -> Path:
    """A run of the toy system as its process leaves it."""
    params = {"seed": 0, "device": "auto", "steps": steps, "rate": rate, "pause": 0.0}
    asked = {"system": "toy.line_fit", "job": "train", "params": params, "processes": 1}
    events: list[tuple[str, dict[str, Any]]] = [
        ("started", {"resumed": False, "pid": 1}),
        ("log", {"text": said}),
    ]
    for step in range(1, steps + 1):
        events.append(("metric", {"step": step, "values": {"error": 1 / (step * rate)}, "stage": ""}))
        events.append(("progress", {"done": step, "total": steps, "stage": ""}))
    events.append(("artifact", {"path": "line.json", "caption": "The line."}))
    events.append(("artifact", {"path": "line.png", "caption": "Its picture."}))
    if finished:
        events.append(("finished", {"metrics": {"slope": 1.9 + rate}, "seconds": 2.5}))
    run = make_run(root, name, "lab", asked, events)
    (run.artifacts / "line.json").write_text('{\n  "slope": 1.9\n}\n')
    Image.new("RGB", (40, 20), (200, 30, 30)).save(run.artifacts / "line.png")
    result = {"metrics": {"slope": 1.9 + rate}, "artifacts": [], "slope": 1.9}
    if finished:
        (run.path / "result.json").write_text(json.dumps({"seconds": 2.5, "result": result}))
    return run.path
