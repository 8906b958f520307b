"""Writes what a tournament came to into its run: result.json for programs, tournament.html for people."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from importlib import metadata
from pathlib import Path
from typing import Any

from agents.arena.page import render_page
from agents.arena.plan import TournamentConfig, contemplations
from agents.arena.record import GameRecord
from agents.arena.standings import Standings, standings_of
from agents.runs.folder import RunFolder


@dataclass(frozen=True, slots=True)
class Result:
    standings: Standings
    json: dict[str, Any]
    """What result.json holds."""
    page: Path


def write_result(run: RunFolder, config: TournamentConfig, records: Sequence[GameRecord]) -> Result:
    """Evaluate the games and write both files."""
    standings = standings_of(config, records)
    told: dict[str, Any] = _as_json(
        {
            "run": str(run.path),
            "config": config.model_dump(),
            "contemplation": contemplations(config),
            "standings": asdict(standings),
        }
    )
    text = json.dumps(told, indent=2, ensure_ascii=False)
    (run.artifacts / "result.json").write_text(text + "\n", encoding="utf-8")
    page = run.artifacts / "tournament.html"
    made = f"by nimue {_version()} on {datetime.now(UTC):%Y-%m-%d at %H:%M} UTC"
    page.write_text(render_page(config, standings, made=made), encoding="utf-8")
    return Result(standings, told, page)


def _as_json(value: Any) -> Any:
    """The same in JSON's types; dollars become text, so that no digit is lost."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {str(key): _as_json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(inner) for inner in value]
    return value


def _version() -> str:
    try:
        return metadata.version("nimue")
    except metadata.PackageNotFoundError:  # run from a checkout that was never installed
        return "(a checkout)"
