"""What was learned, looked into and changed in the app."""

from pathlib import Path

import pytest
from rich.text import Text
from textual.pilot import Pilot
from textual.widgets import DataTable, Input

from memory.insight_store import InsightStore
from memory.insights import Insight, Op, State
from memory.workspace import Workspace
from tests.tui.driving import key_of, screen_text, until
from tests.tui.made_up_runs import HOSTILE
from tui.app import NimueApp

SIZE = (140, 45)


def insights(memory: Path) -> tuple[Insight, ...]:
    with Workspace(memory, read_only=True) as workspace:
        return InsightStore(workspace).insights("the-set")


def table(app: NimueApp) -> DataTable[Text]:
    return app.screen.query_one("#insights", DataTable)


async def go_to_memory(app: NimueApp, pilot: Pilot[None]) -> None:
    await pilot.press(key_of("memory"))
    await until(pilot, lambda: bool(app.screen.query("#insights")) and table(app).row_count == 2)


async def test_insights_stand_by_importance_with_their_life(app: NimueApp, memory: Path) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await go_to_memory(app, pilot)
        await until(pilot, lambda: "in the prompt of 1 attempts" in screen_text(app))
        assert "the-set: hotpotqa, fold 0, 2 insights, 3 events" in screen_text(app)
        assert table(app).get_row_at(0)[0].plain.strip() == "5"
        assert table(app).get_row_at(0)[1].plain == "1/0"


async def test_an_insight_is_edited_voted_on_pinned_and_archived(app: NimueApp, memory: Path) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await go_to_memory(app, pilot)
        await pilot.press("e")
        await until(pilot, lambda: bool(app.screen.query("#line")))
        app.screen.query_one("#line", Input).value = f"Ask first. {HOSTILE}"
        await pilot.press("enter")
        await until(pilot, lambda: insights(memory)[0].text.startswith("Ask first."))
        await until(pilot, lambda: "[red]no[/red]" in screen_text(app))
        await pilot.press("plus")
        await until(pilot, lambda: insights(memory)[0].count == 6)
        await pilot.press("p")
        await until(pilot, lambda: insights(memory)[0].pinned)
        await until(pilot, lambda: "P" in table(app).get_row_at(0)[2].plain)
        await pilot.press("a")
        await until(pilot, lambda: any(one.state is State.ARCHIVED for one in insights(memory)))
        await until(pilot, lambda: table(app).row_count == 1)
        await pilot.press("v")
        await until(pilot, lambda: table(app).row_count == 2)
        await pilot.press("down", "a")
        await until(pilot, lambda: all(one.state is State.ACTIVE for one in insights(memory)))


async def test_two_insights_are_joined_and_the_joining_is_reverted(app: NimueApp, memory: Path) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await go_to_memory(app, pilot)
        await pilot.press("m", "down", "m")
        await until(pilot, lambda: sum(one.state is State.ACTIVE for one in insights(memory)) == 1)
        with Workspace(memory, read_only=True) as workspace:
            log = InsightStore(workspace).log("the-set")
        last = next(one for one in reversed(log) if one.event.state_after is State.ARCHIVED)
        await until(pilot, lambda: table(app).row_count == 1)
        await pilot.press("z", *str(last.seq), "enter")
        await until(pilot, lambda: sum(one.state is State.ACTIVE for one in insights(memory)) == 2)
    with Workspace(memory, read_only=True) as workspace:
        assert InsightStore(workspace).log("the-set")[-1].event.op is Op.REVERT


async def test_history_audit_difference_and_prompt_are_shown(app: NimueApp, memory: Path) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await go_to_memory(app, pilot)
        await pilot.press("h")
        await until(
            pilot, lambda: "event 3  human ADD" in screen_text(app) or "event 3 human ADD" in screen_text(app)
        )
        await pilot.press("u")
        await until(pilot, lambda: "near duplicates" in screen_text(app))
        await pilot.press("o")
        await until(pilot, lambda: "1. Open the drawer before the fridge." in screen_text(app))
        await pilot.press("f", "backspace", "1", "enter")
        await until(pilot, lambda: "Changed since event 1" in screen_text(app))
        assert "+ (2) Search for the shorter name first." in screen_text(app)


async def test_a_set_goes_out_to_a_file_and_comes_back(app: NimueApp, memory: Path, tmp_path: Path) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await go_to_memory(app, pilot)
        await pilot.press("ctrl+e")
        await until(pilot, lambda: bool(app.screen.query("#line")))
        await pilot.press("enter")
        await until(pilot, lambda: (tmp_path / "the-set.md").exists())
        file = tmp_path / "the-set.md"
        file.write_text(file.read_text() + "- A third one, by hand.\n")
        await pilot.press("ctrl+o", *"the-set.md", "enter")
        await until(pilot, lambda: "1 changes to the set" in screen_text(app))
        await pilot.press("y")
        await until(pilot, lambda: len(insights(memory)) == 3)


async def test_a_memory_that_is_written_to_says_so_and_changes_nothing(app: NimueApp, memory: Path) -> None:
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await go_to_memory(app, pilot)
        with Workspace(memory):
            await pilot.press("plus")
            await until(pilot, lambda: "another program" in screen_text(app))
        assert insights(memory)[0].count == 5


async def test_experiences_are_found_by_words_and_read(app: NimueApp, memory: Path) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await go_to_memory(app, pilot)
        await pilot.press("x")
        await until(pilot, lambda: "1 attempts" in screen_text(app))
        await pilot.press(*"nothing", "enter")
        await until(pilot, lambda: "0 attempts" in screen_text(app))
        app.screen.query_one(Input).value = "SPOON drawer"
        await pilot.press("slash", "enter")
        await until(pilot, lambda: "1 attempts" in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "A drawer may hold it." in screen_text(app))


@pytest.mark.parametrize("content", [None, b"", b"no database at all, but long enough to be looked at" * 20])
async def test_no_memory_or_a_broken_one_is_told(
    app: NimueApp, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "memory").mkdir()
        (tmp_path / "memory" / "memory.sqlite").write_bytes(content)
    told = {None: "Nothing was learned yet", b"": "of an older nimue"}.get(
        content, "cannot be read as a memory"
    )
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press(key_of("memory"))
        await until(pilot, lambda: told in screen_text(app))
