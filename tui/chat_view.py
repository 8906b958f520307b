"""A conversation as it is read: what was said, tools folded to a line, what was decided. No screens here.

Every block lays itself out once for a width; while an answer grows only its last paragraph is laid out anew.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from agents.assistant.events import (
    ApprovalAsked,
    ApprovalGiven,
    Asked,
    CostChanged,
    Event,
    Finished,
    Recalled,
    TextDelta,
    Thought,
    ToolEnded,
    ToolProgress,
    ToolStarted,
)
from agents.cli.table_text import plain
from tui.braille_plot import number
from tui.visible_text import visible_lines

MOST_TOLD = 20_000  # characters of a tool's result that are laid out
_CONSOLE = Console(width=200, color_system=None)  # only measures


class Block:
    """A piece of the conversation; `changed` after each change."""

    folded: bool | None = None
    """None of a block that has nothing to unfold."""

    def __init__(self) -> None:
        self._width = 0
        self._lines: list[Text] = []
        self._is_stale = True

    def changed(self) -> None:
        """Lay out anew when it is next looked at."""
        self._is_stale = True

    def lines(self, width: int) -> list[Text]:
        """The block in lines of this width."""
        if self._is_stale or width != self._width:
            self._is_stale, self._width = False, width
            self._lines = self._lay_out(width)
        return self._lines

    def _lay_out(self, width: int) -> list[Text]:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """A picture that a question names, as it is drawn below it."""

    file: Path
    lines: Sequence[Text]


class Speech(Block):
    """What the person or the assistant says; a thought is said before tools are used."""

    def __init__(self, *, mine: bool, text: str = "", is_thought: bool = False) -> None:
        super().__init__()
        self.mine = mine
        self.text = text
        self.is_thought = is_thought
        self.pictures: list[ShownPicture] = []
        self._paragraphs: list[str] = []
        self._wrapped: list[list[Text]] = []
        self._wrapped_for = (0, False)

    def _lay_out(self, width: int) -> list[Text]:
        margin = "│ " if self.mine else "  "
        style = "bold" if self.mine else "dim italic" if self.is_thought else ""
        paragraphs = visible_lines(self.text)
        if self._wrapped_for != (width, self.is_thought):
            self._paragraphs, self._wrapped, self._wrapped_for = [], [], (width, self.is_thought)
        same = 0
        for before, now in zip(self._paragraphs, paragraphs, strict=False):
            if before != now:
                break
            same += 1
        fresh = [_wrapped(Text(one, style=style), width - len(margin)) for one in paragraphs[same:]]
        self._paragraphs, self._wrapped = paragraphs, [*self._wrapped[:same], *fresh]
        lines = [Text(margin, style="bold cyan" if self.mine else "").append_text(line)
                 for paragraph in self._wrapped for line in paragraph]  # fmt: skip
        for picture in self.pictures:
            lines += [Text(margin, style="bold cyan").append_text(line) for line in picture.lines]
        return [*lines, Text()]

    def picture_before(self, num_lines: int) -> ShownPicture | None:
        """The picture that is in the line which is followed by so many more of this block, if one is."""
        below = 1  # the empty line at the end
        for picture in reversed(self.pictures):
            if below <= num_lines < below + len(picture.lines):
                return picture
            below += len(picture.lines)
        return None


class Note(Block):
    """A line beside the conversation, with details to unfold where there are some."""

    def __init__(self, text: str, style: str, details: Sequence[str] = ()) -> None:
        super().__init__()
        self._text = text
        self._style = style
        self._details = details
        self.folded = True if details else None

    def _lay_out(self, width: int) -> list[Text]:
        sign = "" if self.folded is None else "+ " if self.folded else "- "
        lines = _wrapped(Text(f"  {sign}{plain(self._text)}", style=self._style), width)
        if self.folded is False:
            for detail in self._details:
                lines += _indented(detail, width)
        return lines


class ToolUse(Block):
    """One use of a tool: a line while it is folded, arguments and result below it otherwise."""

    def __init__(self, tool: str, arguments: Mapping[str, Any]) -> None:
        super().__init__()
        self.folded = True
        self.tool = tool
        self.arguments = arguments
        self.progress: ToolProgress | None = None
        self.ended: ToolEnded | None = None
        self.given_up = False

    def _lay_out(self, width: int) -> list[Text]:
        line = Text(no_wrap=True)
        line.append("  + " if self.folded else "  - ", style="dim")
        sign, style = self._sign()
        line.append(f"{sign} ", style=style)
        line.append(plain(self.tool), style="bold")
        line.append(f"  {self._now()}" if self.ended is None else f"  {_brief(self.ended.told)}")
        if self.folded:
            line.truncate(width, overflow="ellipsis")
            return [line]
        head = Text(f"  - {sign} {plain(self.tool)}", style="bold", no_wrap=True)
        head.truncate(width, overflow="ellipsis")
        lines = [head, *_indented(_json(self.arguments), width)]
        if self.ended is not None:
            lines += [Text("    " + "─" * max(width - 8, 1), style="dim")]
            lines += _indented(_json(self.ended.told)[:MOST_TOLD], width)
        elif self.progress is not None:
            lines += _indented(self._now(), width)
        return lines

    def _sign(self) -> tuple[str, str]:
        if self.ended is not None:
            return ("✓", "green") if self.ended.ok else ("✗", "red")
        return ("■", "yellow") if self.given_up else ("▸", "cyan")

    def _now(self) -> str:
        progress = self.progress
        if progress is None:
            return _brief(self.arguments)
        of = "" if progress.done is None else f"{progress.done}/{progress.total}"
        values = ", ".join(f"{plain(name)} {number(value)}" for name, value in progress.values.items())
        return "  ".join(part for part in (plain(progress.text), of, values) if part)


@dataclass(slots=True)
class ChatView:
    """The whole conversation, block by block."""

    blocks: list[Block] = field(default_factory=list)
    cost: CostChanged | None = None
    is_unfinished: bool = False
    """Whether the last turn has no end yet, or was cut short."""
    waits_for: ApprovalAsked | None = None
    """The question that nobody has answered yet."""
    answer: str = ""
    """The latest whole answer."""
    _growing: Speech | None = None
    _uses: dict[str, ToolUse] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        """Bring the conversation up to date with the next event."""
        match event:
            case Asked(text=text):
                self.blocks.append(Speech(mine=True, text=text))
                self._growing, self.is_unfinished = None, True
            case Recalled(insights=insights, successes=successes):
                told = f"from memory (insights {len(insights)}, earlier successes {len(successes)})"
                self.blocks.append(Note(told, "dim", [*insights, *successes]))
            case TextDelta(text=text, restart=restart):
                speech = self._speech()
                speech.text = text if restart else speech.text + text
                speech.changed()
            case Thought(text=text):
                speech = self._speech()
                speech.text, speech.is_thought = text or speech.text, True
                speech.changed()
                self._growing = None
            case ToolStarted(call=call, tool=tool, arguments=arguments):
                self._growing = None
                self._uses[call] = ToolUse(tool, arguments)
                self.blocks.append(self._uses[call])
            case ToolProgress(call=call):
                if call in self._uses:
                    self._uses[call].progress = event
                    self._uses[call].changed()
            case ToolEnded():
                self._end_use(event)
            case ApprovalAsked(tool=tool, reason=reason, arguments=arguments):
                self.waits_for = event
                self.blocks.append(Note(f"It wants to use {tool}: {reason}", "bold", [_json(arguments)]))
            case ApprovalGiven(allowed=allowed, note=note):
                self.waits_for = None
                told = "allowed" if allowed else f"refused{f': {note}' if note else ''}"
                self.blocks.append(Note(told, "bold"))
            case CostChanged():
                self.cost = event
            case Finished():
                self._finish(event)

    def lines(self, width: int) -> tuple[list[Text], list[Block]]:
        """All lines, and the block of each."""
        lines: list[Text] = []
        owners: list[Block] = []
        before: Block | None = None
        for block in self.blocks:
            of_block = block.lines(width)
            if isinstance(block, Speech) and before is not None and not isinstance(before, Speech):
                of_block = [Text(), *of_block]
            before = block
            lines += of_block
            owners += [block] * len(of_block)
        return lines, owners

    @property
    def pictures(self) -> list[ShownPicture]:
        """All that are drawn, in order."""
        return [one for block in self.blocks if isinstance(block, Speech) for one in block.pictures]

    def fold(self, block: Block) -> None:
        """Unfold what is folded, and the other way round."""
        if block.folded is not None:
            block.folded = not block.folded
            block.changed()

    def fold_all(self) -> None:
        """Unfold everything if anything is folded, else fold everything."""
        foldable = [block for block in self.blocks if block.folded is not None]
        folded = not any(block.folded for block in foldable)
        for block in foldable:
            block.folded = folded
            block.changed()

    def _speech(self) -> Speech:
        if self._growing is None:
            self._growing = Speech(mine=False)
            self.blocks.append(self._growing)
        return self._growing

    def _end_use(self, event: ToolEnded) -> None:
        use = self._uses.get(event.call)
        if use is None:  # refused before it began
            use = self._uses[event.call] = ToolUse(event.tool, {})
            self.blocks.append(use)
        use.ended = event
        use.changed()

    def _finish(self, event: Finished) -> None:
        self.is_unfinished = event.ending != "answered"
        self.waits_for = None
        if event.ending == "answered":
            speech = self._speech()
            speech.text = self.answer = event.text
            speech.changed()
        else:
            style = "bold" if event.ending == "stopped" else "bold red"
            self.blocks.append(Note(f"{event.ending}: {event.text}", style))
        self._growing = None
        for use in self._uses.values():
            if use.ended is None and not use.given_up:
                use.given_up = True
                use.changed()


def view_of(events: Iterable[Event]) -> ChatView:
    """A conversation so far."""
    view = ChatView()
    for event in events:
        view.take(event)
    return view


def _wrapped(text: Text, width: int) -> list[Text]:
    return list(text.wrap(_CONSOLE, max(width, 1))) or [Text()]


def _indented(text: str, width: int) -> list[Text]:
    return [
        Text("      ").append_text(line)
        for one in visible_lines(text)
        for line in _wrapped(Text(one, style="dim"), width - 6)
    ]


def _brief(values: Mapping[str, Any]) -> str:
    return plain(json.dumps(dict(values), ensure_ascii=False)[:1_000])


def _json(values: Mapping[str, Any]) -> str:
    return json.dumps(dict(values), ensure_ascii=False, indent=2)
