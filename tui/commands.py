"""The command palette: every place, and whatever can be done on the screen in front."""

from collections.abc import Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.types import IgnoreReturnCallbackType

from tui.places import PLACES

_SILENT = frozenset({"app.command_palette", "command_palette", "app.go"})


class NimueCommands(Provider):
    """Reads the keys that work now, so that palette and keys cannot differ."""

    def _commands(self) -> Iterator[tuple[str, str, IgnoreReturnCallbackType]]:
        for place in PLACES:
            yield f"Go to {place.title}", place.help, partial(self.app.switch_mode, place.name)
        for active in self.screen.active_bindings.values():
            binding = active.binding
            name = binding.action.partition("(")[0]
            if binding.description and active.enabled and not binding.system and name not in _SILENT:
                run = partial(self.app.run_action, binding.action, active.node)
                yield binding.description, f"key {self.app.get_key_display(binding)}", run

    async def discover(self) -> Hits:
        for title, told, run in self._commands():
            yield DiscoveryHit(title, run, help=told)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for title, told, run in self._commands():
            if (score := matcher.match(title)) > 0:
                yield Hit(score, matcher.highlight(title), run, help=told)
