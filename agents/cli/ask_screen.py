"""How a conversation looks in a terminal: the answer on stdout and all else on stderr, so it can be piped."""

import json
import sys
from collections.abc import Mapping
from typing import Protocol

from rich.console import Console
from rich.text import Text

from agents.assistant.events import (
    ApprovalAsked,
    ApprovalGiven,
    CostChanged,
    Event,
    Finished,
    Recalled,
    TextDelta,
    Thought,
    ToolEnded,
    ToolProgress,
    ToolStarted,
    kind_of,
    to_json,
)
from agents.runs.folder import RunFolder

_MOST_ARGUMENTS, _MOST_RESULT = 200, 300


class Screen(Protocol):
    """Whoever shows a conversation."""

    def opened(self, run: RunFolder, model: str, why: str) -> None: ...

    def show(self, event: Event) -> None: ...

    def closed(self, run: RunFolder) -> None: ...


class JsonScreen:
    """Every event as a line of JSON."""

    def opened(self, run: RunFolder, model: str, why: str) -> None:
        self._print({"event": "opened", "run": str(run.path), "model": model})

    def show(self, event: Event) -> None:
        self._print({"event": kind_of(event), **to_json(event)})

    def closed(self, run: RunFolder) -> None:
        """The last event has said it all."""

    def _print(self, told: dict[str, object]) -> None:
        print(json.dumps(told, ensure_ascii=False), flush=True)


class LiveScreen:
    """Text as it is written; tools and costs in a dim voice beside it."""

    def __init__(self) -> None:
        self._beside = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
        self._written = ""
        self._cost: CostChanged | None = None

    def opened(self, run: RunFolder, model: str, why: str) -> None:
        reason = f" ({why})" if why else ""
        self._dim(f"{model}{reason}, run {run.path}")

    def show(self, event: Event) -> None:
        match event:
            case TextDelta(text=text, restart=restart):
                if restart:
                    self._end_line()
                    self._dim("(the call was lost; once more)")
                    self._written = ""
                self._write(text)
            case Thought(text=text):
                if not self._written.strip():  # else it has been seen as it was written
                    self._dim(text)
                self._end_line()
            case Recalled(insights=insights, successes=successes):
                self._dim(f"from memory: {len(insights)} insights, {len(successes)} earlier successes")
            case ToolStarted(tool=tool, arguments=arguments):
                self._end_line()
                self._dim(f"> {tool} {_json(arguments, _MOST_ARGUMENTS)}")
            case ToolProgress():
                self._progress(event)
            case ToolEnded(ok=ok, told=told):
                self._end_progress()
                mark = "=" if ok else "! "
                self._dim(f"  {mark} {_json(told, _MOST_RESULT)}")
            case ApprovalAsked(tool=tool, arguments=arguments, reason=reason):
                self._end_line()
                self._beside.print(Text(f"It wants to use {tool}: {reason}", style="bold"))
                self._beside.print(Text(f"  {json.dumps(dict(arguments), ensure_ascii=False)}"))
            case ApprovalGiven(allowed=allowed, note=note):
                self._dim("allowed" if allowed else f"refused{f': {note}' if note else ''}")
            case CostChanged():
                self._cost = event
            case Finished(ending=ending, text=text):
                self._end_line()
                if ending != "answered":
                    self._beside.print(Text(text, style="bold"))

    def closed(self, run: RunFolder) -> None:
        if self._cost is not None:
            cost = "price unknown" if self._cost.cost is None else f"${self._cost.cost:.4f}"
            tokens = f"{self._cost.input_tokens:,} tokens in, {self._cost.output_tokens:,} out"
            self._dim(f"{self._cost.calls} calls, {tokens}, {cost}. Go on: nimue ask --resume {run.path} ...")

    def _write(self, text: str) -> None:
        self._written += text
        print(_plain(text), end="", flush=True)

    def _end_line(self) -> None:
        if self._written and not self._written.endswith("\n"):
            print(flush=True)
        self._written = ""

    def _dim(self, text: str) -> None:
        self._beside.print(Text(_plain(text), style="dim"))

    def _progress(self, event: ToolProgress) -> None:
        if not sys.stderr.isatty():
            return
        of = "" if event.done is None else f"{event.done} of {event.total}"
        values = ", ".join(f"{name} {value:.4g}" for name, value in event.values.items())
        line = _short("  ".join(part for part in (event.text, of, values) if part), self._beside.width - 4)
        self._beside.print(Text(f"\r\x1b[K  {_plain(line)}", style="dim"), end="")

    def _end_progress(self) -> None:
        if sys.stderr.isatty():
            self._beside.print("\r\x1b[K", end="")


def _plain(text: str) -> str:
    """Without what a terminal would take for a command: models and tools are not trusted with it."""
    return "".join(character for character in text if character in "\n\t" or character.isprintable())


def _json(values: Mapping[str, object], most: int) -> str:
    return _short(json.dumps(dict(values), ensure_ascii=False), most)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 4]} ..."
