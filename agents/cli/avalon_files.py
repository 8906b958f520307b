"""Commands of `avalon` on files: watch a recorded game again, check it, import games, read the rules.

What reads and writes games is imported by the command that needs it, so that `--help` does not wait for it.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.control import Control
from rich.segment import ControlType
from rich.text import Text

from agents.cli.rules_page import chosen_setups, print_rules, rules_json
from agents.cli.table_text import plain
from agents.cli.table_view import Show, TableView, may_see
from agents.errors import NimueError
from games.avalon.events import Event

if TYPE_CHECKING:
    from games.avalon.importers import Imported, ImportReport
    from games.avalon.transcript import Report, Transcript

    Written = tuple[ImportReport, Path | None]

Flag = Annotated[bool, Parameter(negative="")]

MOMENTS = frozenset(
    {"propose", "speech", "vote", "quest", "lady", "shot", "note", "draft", "second_order", "thought"}
)
MAX_LISTED = 20  # skipped games named on the screen; --json names all
MAX_PROBLEM = 300  # characters of one violation on the screen
SECONDS_BEFORE_PROGRESS = 1.0


def replay(
    transcript: Path, *, show: str = "god", step: Flag = False, json: Flag = False, delay: float = 0.0
) -> None:
    """Watch a recorded game again.

    Args:
        transcript: A game's .jsonl file.
        show: Through whose eyes: god (everything), public, or a seat's number.
        step: Wait for Enter before each proposal, speech, vote and quest.
        json: Print the events as JSON, one a line, instead of the table.
        delay: Seconds to wait before each proposal, speech, vote and quest.
    """
    from games.avalon import transcript as transcripts

    if delay < 0:
        raise NimueError(f"--delay is {delay:g} seconds; it cannot be negative.")
    recorded = transcripts.read(transcript)
    watcher = _watcher(show, recorded, transcript)
    visible = [event for event in recorded.events if may_see(watcher, event)]
    if json:
        for event in visible:
            print(dumps(_event_json(recorded.game, event)))
        return
    console = Console(highlight=False)
    if step and not (sys.stdin.isatty() and console.is_terminal):
        raise NimueError("--step needs a terminal to wait for Enter in; leave it off, or use --delay.")
    names = recorded.origin.agents if recorded.origin is not None else {}
    view = TableView(console, show=watcher, names=names)
    _play_back(visible, view, _pauses(console, step, delay))


def _watcher(show: str, recorded: Transcript, path: Path) -> Show:
    if show == "god":
        return "god"
    if show == "public":
        return "public"
    num_players = recorded.setup.num_players
    if not (show.isascii() and show.isdecimal() and 1 <= int(show) <= num_players):
        raise NimueError(f"--show is {show!r}; it can be god, public, or a seat from 1 to {num_players}.")
    if not recorded.contains_secrets:
        raise NimueError(f"{path} is a public export that holds no seat's own view; use --show public.")
    return int(show)


def _event_json(game: str, event: Event) -> dict[str, object]:
    """An event under the names that it has in a transcript."""
    return {
        "game": game,
        "t": event.type,
        "quest": event.quest,
        "attempt": event.attempt,
        "seat": event.seat,
        "vis": event.visible_to,
        "data": event.data,
        "decision": event.decision,
    }


def _play_back(events: Iterable[Event], view: TableView, pause: Callable[[], bool]) -> None:
    goes_on = True
    for event in events:
        if event.type in MOMENTS:
            goes_on = pause()
        if not goes_on:
            break
        view.event(event)
    view.close()


def _pauses(console: Console, step: bool, delay: float) -> Callable[[], bool]:
    """What happens before each moment of the game; it answers whether to go on."""

    def wait() -> bool:
        time.sleep(delay)
        return True

    def ask() -> bool:
        try:
            answer = console.input(Text("  Enter: go on, q: stop ", style="dim"))
        except EOFError:
            return False
        console.control(
            Control((ControlType.CURSOR_UP, 1), ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2))
        )
        return answer.strip().lower() not in ("q", "quit")

    return ask if step else wait


def verify(*transcript: Path, json: Flag = False) -> int:
    """Check recorded games: the hash chain, the schema and, where the deal is known, every rule.

    The exit code is 0 if all are sound and 1 if not.

    Args:
        transcript: Files, or folders of .jsonl files.
        json: Print one JSON object a file.
    """
    from games.avalon import transcript as transcripts

    reports = [transcripts.verify(path) for path in _transcript_files(transcript)]
    console = Console(highlight=False)
    for report in reports:
        if json:
            print(dumps(_report_json(report)))
        else:
            _print_report(console, report)
    return 0 if all(report.ok for report in reports) else 1


def _transcript_files(paths: tuple[Path, ...]) -> list[Path]:
    if not paths:
        raise NimueError("No transcript was named; write for example: avalon verify game.jsonl")
    files: list[Path] = []
    for path in paths:
        found = sorted(path.rglob("*.jsonl")) if path.is_dir() else [path]
        if not found:
            raise NimueError(f"There is no .jsonl file in {path}.")
        files += found
    return files


def _print_report(console: Console, report: Report) -> None:
    if report.ok:
        ended = "the game has ended" if report.ended else "the game has not ended yet"
        rules = "every event follows the rules" if report.replayed else "public, so the rules were not asked"
        console.print(Text(f"{report.path}: ok, {report.num_lines} lines, {ended}, {rules}"), soft_wrap=True)
        return
    for violation in report.violations:
        problem = plain(violation.message, console.encoding)
        if len(problem) > MAX_PROBLEM:
            problem = f"{problem[:MAX_PROBLEM]} ..."
        console.print(Text(f"{report.path}, line {violation.line}: {problem}"), soft_wrap=True)


def _report_json(report: Report) -> dict[str, object]:
    return {
        "path": str(report.path),
        "ok": report.ok,
        "lines": report.num_lines,
        "ended": report.ended,
        "sealed": report.sealed,
        "replayed": report.replayed,
        "violations": [
            {"line": violation.line, "message": violation.message} for violation in report.violations
        ],
    }


def import_(source: Path, *, out: Path, format: str | None = None, json: Flag = False) -> int:
    """Read games that people played elsewhere and write one transcript each.

    The exit code is 1 if every game was skipped.

    Args:
        source: A log file, or a folder of them.
        out: A new folder for the transcripts; for a single game also a .jsonl file.
        format: avalonlogs, proavalon, avalon_nlu or grail; by itself each log tells its own.
        json: Print one JSON object a game.
    """
    from games.avalon.importers import import_file

    if out.suffix == ".jsonl" and out.exists():
        raise NimueError(f"{out} exists already; choose another file.")
    if out.suffix != ".jsonl" and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise NimueError(f"{out} is not an empty folder; choose a new one.")
    with _progress() as advance:
        written = list(_write_all(advance(import_file(source, format)), source, out))
    if not written:
        raise NimueError(f"There is no game in {source}.")
    if json:
        for report, path in written:
            print(dumps(_import_json(report, path)))
    else:
        _print_import(Console(highlight=False), written, out)
    return 0 if any(path is not None for _, path in written) else 1


def _write_all(games: Iterable[Imported], source: Path, out: Path) -> Iterator[Written]:
    from games.avalon import transcript as transcripts

    taken: set[str] = set()
    for imported in games:
        report = imported.report
        if report.skipped is not None:
            yield report, None
            continue
        path = out
        if out.suffix != ".jsonl":
            path = out / f"{_free_name(report.game, taken)}.jsonl"
        elif taken:
            raise NimueError(f"{source} holds several games; give a folder with --out, not the file {out}.")
        taken.add(path.stem)
        path.parent.mkdir(parents=True, exist_ok=True)
        seats = imported.setup.seats if imported.setup is not None else ()
        origin = transcripts.Origin(agents=dict.fromkeys(seats, "human"))
        transcripts.write(path, path.stem, imported.events, origin=origin)
        yield report, path


def _free_name(game: str, taken: set[str]) -> str:
    """The game's name as a plain file name that is not taken yet."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", game).strip(".-") or "game"
    if name not in taken:
        return name
    return next(f"{name}-{number}" for number in range(2, len(taken) + 3) if f"{name}-{number}" not in taken)


@contextmanager
def _progress() -> Iterator[Callable[[Iterable[Imported]], Iterator[Imported]]]:
    """Counts games on the terminal's error stream once the work takes longer than a moment."""
    status = Console(stderr=True).status("Importing games")
    begun = time.monotonic()

    def counted(games: Iterable[Imported]) -> Iterator[Imported]:
        for number, game in enumerate(games, start=1):
            if time.monotonic() - begun > SECONDS_BEFORE_PROGRESS:
                status.update(f"Importing games: {number} read")
                status.start()
            yield game

    try:
        yield counted
    finally:
        status.stop()


def _print_import(console: Console, written: list[Written], out: Path) -> None:
    skipped = [report for report, path in written if path is None]
    noted = [report for report, path in written if path is not None and report.notes]
    for title, reports in (("skipped", skipped), ("imported with a note", noted)):
        for report in reports[:MAX_LISTED]:
            why = report.skipped if report.skipped is not None else "; ".join(report.notes)
            line = plain(f"{title}: {report.game}: {why}", console.encoding)
            console.print(Text(line), soft_wrap=True)
        if len(reports) > MAX_LISTED:
            console.print(Text(f"{title}: {len(reports) - MAX_LISTED} more (--json lists all)"))
    num_imported = len(written) - len(skipped)
    where = f" into {out}" if num_imported else ""
    console.print(Text(f"{num_imported} imported{where}, {len(skipped)} skipped"), soft_wrap=True)


def _import_json(report: ImportReport, path: Path | None) -> dict[str, object]:
    return {
        "game": report.game,
        "path": None if path is None else str(path),
        "skipped": report.skipped,
        "notes": list(report.notes),
    }


def rules(*, players: int | None = None, preset: str | None = None, json: Flag = False) -> None:
    """The rules of Avalon on one page: team sizes, roles, presets and switches.

    Args:
        players: Only what concerns a table of so many.
        preset: Only what concerns this set of roles, such as 6-recon.
        json: Print one JSON object.
    """
    setups = chosen_setups(players, preset)
    if json:
        print(dumps(rules_json(setups)))
    else:
        print_rules(Console(highlight=False), setups)
