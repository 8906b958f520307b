"""How quick the app is and whether it grows: first paint, keys under load, a long game, hours of events.

`python -m benchmarks.tui_speed --json FILE`; `--hours` says how long the session is that is replayed. The app
runs as in a terminal, but draws into memory. Times are wall clock, and beside them what the processor worked
meanwhile for the app, which is what they come to on a machine that does nothing else.
"""

import argparse
import asyncio
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import Any

from textual.events import Key
from textual.widgets import ContentSwitcher

from agents.runs.event_log import EventLog
from agents.runs.folder import RunFolder
from benchmarks.measured import written
from games.avalon.bots import make_bot
from games.avalon.events import Event
from games.avalon.play import play
from games.avalon.setup import TABLE_RULES, preset
from games.avalon.transcript import write
from tui.app import NimueApp
from tui.screens.lab_run import LabRunScreen
from tui.settings import Settings
from tui.short_pauses import keep_pauses_short

_EVENTS_A_BREATH, _BREATH = 500, 0.03  # the app draws while the log is being written
SIZE = (140, 45)
EVENTS_A_SECOND = 60
NUM_EVENTS = 10_000
KEYS = 60
WORDS = "I do not trust that team, and I say so as often as I have to, until somebody listens."


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def resident_mb() -> float:
    """Memory of this process that lies in RAM."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def app_over(folder: Path) -> NimueApp:
    settings = Settings(runs=str(folder / "runs"), memory=str(folder / "memory"))
    return NimueApp(settings, folder / "nimue.toml")


def first_paint() -> dict[str, float]:
    """Seconds from the start of the interpreter until Home is drawn, the middle one of three."""
    code = (
        "import asyncio\n"
        "from pathlib import Path\n"
        "from tui.app import NimueApp\n"
        "from tui.settings import Settings\n"
        "async def main():\n"
        "    app = NimueApp(Settings(), Path('none.toml'))\n"
        "    async with app.run_test(size=(80, 24)) as pilot:\n"
        "        await pilot.pause()\n"
        "        assert 'nimue' in app.screen._compositor.render_strips()[0].text\n"
        "        print('painted', flush=True)\n"
        "        import os; os._exit(0)\n"
        "asyncio.run(main())\n"
    )
    wall, processor = [], []
    for _ in range(3):
        before, began = os.times(), time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, check=True, cwd=Path(__file__).parents[1]
        )
        assert done.stdout == b"painted\n"
        after = os.times()
        wall.append(time.perf_counter() - began)
        processor.append(
            after.children_user + after.children_system - before.children_user - before.children_system
        )
    return {"wall_s": round(percentile(wall, 0.5), 3), "cpu_s": round(percentile(processor, 0.5), 3)}


def begun_run(folder: Path, kind: str, asked: dict[str, Any]) -> RunFolder:
    """The folder of a run that has just begun."""
    run = folder / "runs" / "run-1"
    (run / "artifacts").mkdir(parents=True)
    facts = {
        "version": 1,
        "id": run.name,
        "kind": kind,
        "asked": asked,
        "started": "2026-01-01T00:00:00+00:00",
    }
    (run / "run.json").write_text(json.dumps(facts), encoding="utf-8")
    return RunFolder(run)


def lab_run(folder: Path) -> RunFolder:
    """A run of the laboratory that has just begun."""
    asked = {"system": "vision.efficient_train", "job": "train", "params": {}, "processes": 1}
    return begun_run(folder, "lab", asked)


def told(step: int) -> tuple[tuple[str, dict[str, Any]], ...]:
    values = {"loss": 3 / (1 + step / 50), "top1": min(90.0, step / 100), "rate": 1e-3}
    return (
        ("metric", {"step": step, "values": values, "stage": f"seed {step // 20_000}"}),
        ("progress", {"done": step, "total": 1_000_000, "stage": "training"}),
        ("log", {"text": f"Step {step} is done."}),
    )


async def until(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        await asyncio.sleep(0.005)


@dataclass(frozen=True, slots=True)
class Busy:
    """A run that goes on, and what the key `p` changes on its screen."""

    run: RunFolder
    told: Iterator[tuple[str, dict[str, Any]]]
    shown: Callable[[NimueApp], object]


def busy_job(folder: Path) -> Busy:
    """A training that tells three values of each step."""
    return Busy(
        lab_run(folder),
        (told(step)[0] for step in count(1)),
        lambda app: app.screen.query_one("#lab-panels", ContentSwitcher).current,
    )


def busy_game(folder: Path) -> Busy:
    """A game that is talked about without end."""
    setup = preset("6-recon", TABLE_RULES)
    begun = play(setup, {seat: make_bot("logic", seat) for seat in setup.seats}, 2).events[:20]
    spoken = (
        Event("speech", 1, 1, 1 + number % 6, "all", {"text": f"{number}: {WORDS}"}) for number in count()
    )
    config = {"setup": setup.to_json(), "seed": 2, "agents": "logic", "model": "scripted:0"}
    return Busy(
        begun_run(folder, "avalon.play", config),
        (
            ("game", {"n": place, "event": event._asdict()})
            for place, event in enumerate(chain(begun, spoken))
        ),
        lambda app: app.screen.query_one("#table-side").border_title,
    )


async def keys_under_load(busy: Busy, folder: Path) -> dict[str, float]:
    """Milliseconds from a key to the changed screen while a run tells 60 events a second."""
    stop = asyncio.Event()

    async def work() -> None:
        with EventLog(busy.run.events) as log:
            log.append("started", {"resumed": False, "pid": os.getpid()})
            began = time.perf_counter()
            for number, (kind, data) in enumerate(busy.told, start=1):
                log.append(kind, data)
                await asyncio.sleep(max(0.0, began + number / EVENTS_A_SECOND - time.perf_counter()))
                if stop.is_set():
                    return

    app = app_over(folder)
    waits: list[float] = []
    worked: list[float] = []
    async with app.run_test(size=SIZE) as pilot:
        app.open_run(busy.run.path)
        working = asyncio.create_task(work())
        await until(lambda: bool(app.screen.query("#lab-panels, #table-side")))
        await pilot.pause(2.0)
        for _ in range(KEYS):
            shown = busy.shown(app)
            began, worked_before = time.perf_counter(), time.process_time()
            app.post_message(Key("p", "p"))
            await until(lambda shown=shown: busy.shown(app) != shown)  # type: ignore[misc]
            painted = asyncio.Event()
            app.screen.call_after_refresh(painted.set)
            await painted.wait()
            waits.append((time.perf_counter() - began) * 1_000)
            worked.append((time.process_time() - worked_before) * 1_000)
            await asyncio.sleep(0.02)
        stop.set()
        await working
    return {
        "keys": float(KEYS),
        "median_ms": round(percentile(waits, 0.5), 1),
        "p95_ms": round(percentile(waits, 0.95), 1),
        "worst_ms": round(max(waits), 1),
        "cpu_median_ms": round(percentile(worked, 0.5), 1),
        "cpu_p95_ms": round(percentile(worked, 0.95), 1),
    }


def long_transcript(file: Path) -> None:
    """A game that is talked about for ten thousand events."""
    setup = preset("6-recon", TABLE_RULES)
    events = play(setup, {seat: make_bot("logic", seat) for seat in setup.seats}, 2).events
    speeches = [
        Event("speech", 1, 1, 1 + number % 6, "all", {"text": f"{number}: {WORDS}"})
        for number in range(NUM_EVENTS - len(events))
    ]
    file.parent.mkdir(parents=True)
    write(file, "long", [*events[:20], *speeches])


async def opening(folder: Path) -> dict[str, float]:
    """Seconds until a transcript of ten thousand events is drawn, then whole; and a page of scrolling."""
    from tui.screens.table import TableScreen
    from tui.widgets.line_log import LineLog
    from tui.widgets.scrubber import Scrubber

    file = folder / "long.jsonl"
    long_transcript(file)
    num_events = len(file.read_text(encoding="utf-8").splitlines()) - 1
    app = app_over(folder)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause(0.5)
        began, worked = time.perf_counter(), time.process_time()
        screen = TableScreen(file)
        await app.push_screen(screen)
        await until(lambda: screen.query_one(Scrubber).length > 0)
        painted = asyncio.Event()
        screen.call_after_refresh(painted.set)
        await painted.wait()
        first, first_cpu = time.perf_counter() - began, time.process_time() - worked
        await until(lambda: screen.query_one(Scrubber).length >= num_events - 50)
        whole, whole_cpu = time.perf_counter() - began, time.process_time() - worked
        await pilot.pause(0.2)
        log = screen.query_one(LineLog)
        pages = []
        for _ in range(20):
            began = time.process_time()
            log.scroll_page_up(animate=False)
            painted = asyncio.Event()
            screen.call_after_refresh(painted.set)
            await painted.wait()
            pages.append((time.process_time() - began) * 1_000)
    return {
        "events": float(num_events),
        "first_s": round(first, 3),
        "first_cpu_s": round(first_cpu, 3),
        "whole_s": round(whole, 3),
        "whole_cpu_s": round(whole_cpu, 3),
        "page_cpu_p95_ms": round(percentile(pages, 0.95), 1),
    }


async def growth(folder: Path, hours: float) -> dict[str, object]:
    """Memory after each ninth of a session of hours, replayed as fast as it goes."""
    run = lab_run(folder)
    app = app_over(folder)
    num_steps = int(hours * 3600 * EVENTS_A_SECOND)
    seen: list[float] = []
    async with app.run_test(size=SIZE) as pilot:
        screen = LabRunScreen(run.path)
        await app.push_screen(screen)
        with EventLog(run.events) as log:
            log.append("started", {"resumed": False, "pid": os.getpid()})
            for ninth in range(9):
                last = (ninth + 1) * num_steps // 9 - 1
                for step in range(ninth * num_steps // 9, last):
                    kind, data = told(step)[step % 3]
                    log.append(kind, data)
                    if step % _EVENTS_A_BREATH == 0:
                        await asyncio.sleep(_BREATH)
                log.append("progress", {"done": last, "total": num_steps, "stage": "training"})
                await until(partial(_has_done, screen, last))
                await pilot.pause(0.5)
                gc.collect()
                seen.append(round(resident_mb(), 1))
    return {
        "hours": hours,
        "events": num_steps,
        "log_mb": round(run.events.stat().st_size / 1e6, 1),
        "resident_mb": seen,
        "growth_after_first_ninth_mb": round(seen[-1] - seen[0], 1),
        "growth_of_second_half_mb": round(seen[-1] - seen[4], 1),
    }


def _has_done(screen: LabRunScreen, step: int) -> bool:
    progress = screen.progress.summary.progress
    return progress is not None and progress.done == step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=2.0, help="length of the session that is replayed")
    parser.add_argument("--json", type=Path, help="file for the result")
    asked = parser.parse_args()
    result: dict[str, Any] = {}
    keep_pauses_short()  # as the command does before it opens the app
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for name, measure in (
            ("first_paint", lambda: first_paint()),
            ("transcript", lambda: asyncio.run(opening(place / "b"))),
            ("keys_under_load", lambda: asyncio.run(keys_under_load(busy_job(place / "a"), place / "a"))),
            ("keys_in_a_game", lambda: asyncio.run(keys_under_load(busy_game(place / "d"), place / "d"))),
            ("session", lambda: asyncio.run(growth(place / "c", asked.hours))),
        ):
            result[name] = measure()
            print(name, json.dumps(result[name]), flush=True)
    result["load_average"] = round(os.getloadavg()[0], 1)
    written(asked.json, result)


if __name__ == "__main__":
    main()
