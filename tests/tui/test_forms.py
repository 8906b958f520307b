"""Forms made from models: what is required, several values, numbers to choose from, mistakes together."""

from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, Field, model_validator
from textual.app import App, ComposeResult
from textual.widgets import Input, Select, Static

from tui.forms import Form
from tui.path_completion import complete


class Asked(BaseModel):
    weights: Path = Field(description="A file.")
    widths: tuple[int, ...] = Field((8, 16), description="Widths.")
    bits: Literal[4, 8] = Field(8, description="Bits.")
    least: float = Field(0.0, ge=0, description="Least.")
    most: float | None = Field(None, description="Most.")

    @model_validator(mode="after")
    def _in_order(self) -> "Asked":
        if self.most is not None and self.most < self.least:
            raise ValueError("most is below least")
        return self


class FormApp(App[None]):
    def __init__(self, form: Form[Asked]) -> None:
        super().__init__()
        self._form = form

    def compose(self) -> ComposeResult:
        yield self._form


def told(app: FormApp, name: str) -> str:
    return str(app.query_one(f"#help-{name}", Static).visual)


async def test_what_must_be_given_is_asked_for() -> None:
    form = Form(Asked)
    app = FormApp(form)
    async with app.run_test():
        assert form.read() is None
        assert told(app, "weights") == "Field required"
        assert app.focused is app.query_one("#weights")
        app.query_one("#weights", Input).value = "a b.safetensors"
        assert form.read() == Asked(weights=Path("a b.safetensors"))
        assert told(app, "weights") == "A file."


async def test_several_values_stand_with_commas_and_numbers_are_chosen() -> None:
    form = Form(Asked, start={"weights": "w", "widths": (1, 2, 3)})
    app = FormApp(form)
    async with app.run_test():
        assert app.query_one("#widths", Input).value == "1, 2, 3"
        app.query_one("#widths", Input).value = "4, 5 6"
        app.query_one("#bits", Select).value = "4"
        read = form.read()
        assert read is not None
        assert read.widths == (4, 5, 6)
        assert read.bits == 4


async def test_a_mistake_is_told_as_soon_as_one_leaves_its_field() -> None:
    form = Form(Asked)
    app = FormApp(form)
    async with app.run_test() as pilot:
        app.query_one("#least", Input).focus()
        app.query_one("#least", Input).value = "-1"
        await pilot.press("tab")
        await pilot.pause()
        assert "greater than or equal to 0" in told(app, "least")
        assert told(app, "weights") == "Field required"  # it was left empty
        assert told(app, "most") == "Most."


async def test_what_is_wrong_together_is_told_below() -> None:
    form = Form(Asked, start={"weights": "w", "least": 3.0, "most": 1.0})
    app = FormApp(form)
    async with app.run_test() as pilot:
        assert form.read() is None
        await pilot.pause()
        line = app.query_one("#wrong-together", Static)
        assert line.display
        assert "most is below least" in str(line.visual)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "weights.safetensors").touch()
    (tmp_path / "readme").touch()
    return tmp_path


def test_paths_complete_to_the_first_that_fits(folder: Path) -> None:
    assert complete(f"{folder}/ru") == f"{folder}/runs/"
    assert complete(f"{folder}/runs/") == f"{folder}/runs/weights.safetensors"
    assert complete(f"{folder}/re") == f"{folder}/readme"
    assert complete(f"{folder}/no") is None
    assert complete(f"{folder}/none/no") is None
    assert complete("") is None
