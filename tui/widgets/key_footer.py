"""The line below: the keys that work now, each to be clicked too; drawn as one line.

Textual's own footer makes a widget of every key anew whenever the focus moves, which takes several times as
long as drawing the screen. Keys that do not fit are left out whole; the two that lead to all others always
stand at the right.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import ActiveBinding
from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget

MORE = "…"
KEYS_ACTION = "toggle_keys"
"""The action of the app that shows all keys; as the palette it stands at the right."""


class KeyFooter(Widget):
    """Follows the screen's bindings."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    KeyFooter { dock: bottom; height: 1; width: 1fr; background: $panel; color: $footer-foreground; }
    """
    _SEPARATOR: ClassVar = Content.styled("▏", "$foreground 20%")

    _pointed: reactive[str | None] = reactive(None)
    """The key the mouse is over."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: Sequence[ActiveBinding] = ()
        self._spans: list[tuple[int, int, ActiveBinding]] = []
        self._is_due = False

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def on_unmount(self) -> None:
        self.screen.bindings_updated_signal.unsubscribe(self)

    def _bindings_changed(self, screen: Screen[object]) -> None:
        if screen.app.app_focus and not self._is_due:
            self._is_due = True
            self.call_after_refresh(self._look)

    def _look(self) -> None:
        """Take the keys that work now; only other keys than before are drawn."""
        self._is_due = False
        if not self.is_attached:
            return
        keys = tuple(self._one_an_action(self.screen.active_bindings.values()))
        if _looks(keys) != _looks(self._keys):
            self._keys = keys
            self.refresh()

    def _one_an_action(self, bindings: Iterable[ActiveBinding]) -> Iterator[ActiveBinding]:
        """The keys to be shown; of several for the same action the first."""
        seen: set[str] = set()
        for one in bindings:
            is_shown = one.binding.show or self._leads_on(one)
            if is_shown and one.binding.action not in seen:
                seen.add(one.binding.action)
                yield one

    # -- drawing -------------------------------------------------------------------------------------

    def render(self) -> Content:
        keys = [one for one in self._keys if not self._leads_on(one)]
        last = [one for one in self._keys if self._leads_on(one)]
        width = self.size.width
        right = sum(1 + self._width(one) for one in last)
        room = width - right
        shown = _fitting([self._width(one) for one in keys], room - len(MORE) - 1, room)
        parts: list[Content] = []
        self._spans = []
        x = 0
        for one in keys[:shown]:
            x = self._place(one, x, parts)
            parts.append(Content(" "))
            x += 1
        if shown < len(keys):
            parts.append(Content.styled(MORE, "$footer-description-foreground"))
            x += len(MORE)
        parts.append(Content(" " * max(width - right - x, 0)))
        x = max(width - right, x)
        for one in last:
            parts.append(self._SEPARATOR)
            x = self._place(one, x + 1, parts)
        return Content("").join(parts)

    def _place(self, one: ActiveBinding, x: int, parts: list[Content]) -> int:
        """Add a key at a column, and answer the column behind it."""
        pointed = " on $block-hover-background" if one.binding.key == self._pointed else ""
        dim = "" if one.enabled else " dim"
        key = Content.styled(self._key(one), f"bold $footer-key-foreground{pointed}{dim}")
        words = Content.styled(f" {one.binding.description}", f"$footer-description-foreground{pointed}{dim}")
        parts += [key, words]
        end = x + self._width(one)
        self._spans.append((x, end, one))
        return end

    def _key(self, one: ActiveBinding) -> str:
        return self.app.get_key_display(one.binding)

    def _width(self, one: ActiveBinding) -> int:
        return cell_len(self._key(one)) + 1 + cell_len(one.binding.description)

    def _leads_on(self, one: ActiveBinding) -> bool:
        return one.binding.action == KEYS_ACTION or one.binding.key == self.app.COMMAND_PALETTE_BINDING

    # -- the mouse -----------------------------------------------------------------------------------

    def _at(self, x: int) -> ActiveBinding | None:
        return next((one for begin, end, one in self._spans if begin <= x < end), None)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        pointed = self._at(event.x)
        self._pointed = pointed.binding.key if pointed is not None else None

    def on_leave(self) -> None:
        self._pointed = None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        pressed = self._at(event.x)
        if pressed is None:
            return
        if pressed.enabled:
            self.app.simulate_key(pressed.binding.key)
        else:
            self.app.bell()


def _looks(keys: Iterable[ActiveBinding]) -> list[tuple[str, str, str, bool]]:
    """What is seen and can be clicked of these keys."""
    return [(one.binding.key, one.binding.action, one.binding.description, one.enabled) for one in keys]


def _fitting(widths: Sequence[int], room_if_cut: int, room: int) -> int:
    """How many of these fit beside each other, a space behind each; less room is left where not all do."""
    ends = list(accumulate(width + 1 for width in widths))
    if not ends or ends[-1] <= room:
        return len(ends)
    return bisect_right(ends, room_if_cut)
