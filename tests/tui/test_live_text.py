"""Text that is told again and again."""

import pytest
from rich.text import Text
from textual.app import App, ComposeResult
from textual.content import Content

from tui.widgets.live_text import LiveText


class _OneText(App[None]):
    CSS = "LiveText { height: auto; }"

    def compose(self) -> ComposeResult:
        yield LiveText()


@pytest.mark.parametrize("kind", [Text, Content])
async def test_it_is_as_high_as_what_it_was_told_last(kind: type[Text] | type[Content]) -> None:
    app = _OneText()
    async with app.run_test(size=(20, 10)) as pilot:
        text = app.query_one(LiveText)
        for told, height in (("one", 1), ("one\ntwo", 2), ("three\nfour", 2), ("word " * 12, 3), ("x", 1)):
            text.tell(kind(told))
            await pilot.pause()
            assert text.size.height == height
            assert text.visual.plain.split() == told.split()  # type: ignore[attr-defined]


async def test_other_colours_are_drawn_though_the_words_are_the_same() -> None:
    app = _OneText()
    async with app.run_test(size=(20, 10)) as pilot:
        text = app.query_one(LiveText)
        text.tell(Text("sign", style="red"))
        await pilot.pause()
        before = text.render_line(0)
        text.tell(Text("sign", style="green"))
        await pilot.pause()
        assert text.render_line(0) != before


async def test_the_same_again_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    app = _OneText()
    async with app.run_test(size=(20, 10)) as pilot:
        text = app.query_one(LiveText)
        text.tell(Text.assemble("so ", ("far", "bold")))
        await pilot.pause()
        drawn: list[object] = []
        monkeypatch.setattr(text, "refresh", lambda *regions, **wishes: drawn.append(wishes))
        text.tell(Text.assemble("so ", ("far", "bold")))
        assert drawn == []
        text.tell(Text.assemble("so ", ("bad", "bold")))
        assert drawn == [{"layout": False}]
