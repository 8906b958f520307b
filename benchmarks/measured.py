"""What every benchmark shares: a screen nobody watches, and results written with how they were made."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agents.llm.stream_fields import Delta
from backends.lab.machine import machine_facts
from games.avalon.actions import Decision
from games.avalon.events import Event


class Nobody:
    """A screen that nobody watches."""

    def event(self, event: Event) -> None:
        """Pass."""

    def delta(self, seat: int, stage: str, delta: Delta) -> None:
        """Pass."""

    def awaiting(self, decisions: tuple[Decision, ...]) -> None:
        """Pass."""


def written(path: Path | None, result: dict[str, Any]) -> None:
    """Write a result with the command, the date and the machine that made it."""
    if path is None:
        return
    made = {
        "command": f"python -m benchmarks.{Path(sys.argv[0]).stem} {' '.join(sys.argv[1:])}",
        "date": datetime.now(UTC).date().isoformat(),
        **machine_facts(),
    }
    path.write_text(json.dumps({**made, **result}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
