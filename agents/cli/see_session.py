"""What `nimue see` does: read the pictures, plan, and let a model look or read."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from decimal import Decimal
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from agents.cli.see_view import (
    Shown,
    print_plan,
    save_drawing,
    shown_by_rule,
    shown_reading,
    shown_sending,
    shown_whole,
)
from agents.errors import NimueError
from agents.llm.names import PROVIDERS, ModelName, parse_model_name
from agents.llm.usage import cost_of
from agents.perception.answering import NO_EYES, NO_TEXT, SpokenAnswer, answer, messages_about_text
from agents.perception.looking import Way, load_pictures, way_for
from agents.perception.reading import FolderShelf, ReadPicture, read_text
from agents.perception.sending import Estimate, estimate, messages_with, plan_for_model, seem_dropped
from backends.vision.llava_uhd.hosted_plan import HostedPlan
from backends.vision.ocr.sliced_reading import reading_plan
from backends.vision.pictures.errors import PictureError
from backends.vision.pictures.limits import Limits
from backends.vision.pictures.picture import Picture

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from agents.llm.model import Model

_WHAT_IS_SEEN = "Say what is to be seen, and read out all text."
_DROPPED = (
    "Beware: the server counted so few tokens that it seems to have left the pictures out. "
    "Ask a model with eyes, or add --read to send the text in them."
)
_LARGE_UNPRICED = 20_000  # tokens: above that a request of unknown price is asked about too


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """The command line of `nimue see`."""

    places: tuple[str, ...]
    question: str
    page: int
    read: bool
    allow_private: bool
    json: bool
    explain: bool
    draw: Path | None
    rule: str | None
    max_images: int | None
    max_picture_tokens: int | None
    model: str | None
    projector: Path | None
    ask_above: Decimal
    yes: bool


def run_see(asked: Asked, stdin: BinaryIO) -> int:
    """Do what the command line says; the exit code."""
    return asyncio.run(_see(asked, stdin))


async def _see(asked: Asked, stdin: BinaryIO) -> int:
    import os

    if asked.page < 1:
        raise NimueError("Pages are counted from 1.")
    model = _model_of(asked, os.environ)
    if asked.projector is not None and model.provider != "local":
        raise NimueError("--projector is the vision half of a local model: --model local:PATH.gguf")
    way = way_for(model, read=asked.read, projector=asked.projector is not None)
    limits = Limits(private_addresses=asked.allow_private)
    pictures = await load_pictures(asked.places, stdin=stdin, page=asked.page, limits=limits)
    errors = Console(stderr=True, highlight=False, markup=False, soft_wrap=True, quiet=asked.json)
    for picture in pictures:
        for note in picture.notes:
            errors.print(f"{picture.name}: {note}")
    if way is Way.SENT:
        return await _send(asked, model, pictures, errors)
    return await _read(asked, model, pictures, errors)


def _model_of(asked: Asked, environ: Mapping[str, str]) -> ModelName:
    """The model that is asked, or whose plan is only to be explained: that takes no key.

    Raises:
        NimueError: The name is not one, or the key that asking takes is missing.
    """
    from agents.llm.resolve import resolve_model

    named = asked.model or environ.get("NIMUE_MODEL")
    if named and asked.explain and not asked.question:
        return parse_model_name(named)
    return resolve_model(asked.model, environ).model


async def _send(asked: Asked, model: ModelName, pictures: list[Picture], errors: Console) -> int:
    plans = plan_for_model(pictures, model, max_images=asked.max_images, max_tokens=asked.max_picture_tokens)
    question = asked.question or _WHAT_IS_SEEN
    expected = estimate(plans, model, question)
    if asked.explain:
        if PROVIDERS[model.provider].hosted:
            _explain(asked, pictures, [shown_sending(planned, expected.cost) for planned in plans])
        else:
            _explain(asked, pictures, [shown_whole(picture, model) for picture in pictures])
        if not asked.question:
            return 0
    _allow(asked, model, expected, errors)
    messages = await asyncio.to_thread(messages_with, pictures, plans, question)
    from agents.cli.local_files import ensure_local_model

    ensure_local_model(model, quiet=asked.json)
    said = await _ask(asked, model, messages)
    _close_sending(asked, model, pictures, plans, said, errors)
    if PROVIDERS[model.provider].hosted and seem_dropped(messages, said.usage):
        Console(stderr=True, soft_wrap=True).print(_DROPPED)
    return 0


def _allow(asked: Asked, model: ModelName, expected: Estimate, errors: Console) -> None:
    """Say what a request takes, and ask where that is a lot.

    Raises:
        NimueError: The request was not allowed.
    """
    images = f"{model}: {expected.images} image{'s' if expected.images > 1 else ''}"
    if not PROVIDERS[model.provider].hosted:
        errors.print(f"{images}, looked at on this machine")
        return
    tokens = "an unknown number of" if expected.tokens is None else f"{expected.tokens:,}"
    price = "price unknown" if expected.cost is None else f"about ${expected.cost:.4f}"
    told = f"{images}, {tokens} tokens, {price}"
    errors.print(told)
    large = (
        expected.cost > asked.ask_above
        if expected.cost is not None
        else expected.tokens is not None and expected.tokens > _LARGE_UNPRICED
    )
    if not large or asked.yes:
        return
    hint = f"{told}. Allow it with --yes, or send less with --max-images or --max-picture-tokens."
    if asked.json or not sys.stdin.isatty():
        raise NimueError(hint)
    errors.print("Send it? [y/N] ", end="")
    if input().strip().lower() not in ("y", "yes"):
        raise NimueError("Nothing was sent.")


def _close_sending(
    asked: Asked,
    model: ModelName,
    pictures: list[Picture],
    plans: list[HostedPlan],
    said: SpokenAnswer,
    errors: Console,
) -> None:
    cost = cost_of(model, said.usage)
    if asked.json:
        described = [
            {
                **_described(picture),
                "rule": planned.rule.name,
                "grid": planned.grid,
                "overview": planned.overview_size,
                "retained": round(planned.retained, 4),
                "picture_tokens": planned.tokens,
            }
            for picture, planned in zip(pictures, plans, strict=True)
        ]
        _print_json(asked, model, Way.SENT, described, said, cost)
        return
    _close_answer(said, errors)
    used = f"{said.usage.input_tokens:,} tokens in, {said.usage.output_tokens:,} out"
    if PROVIDERS[model.provider].hosted:
        used += ", price unknown" if cost is None else f", ${cost:.4f}"
    errors.print(used)


async def _read(asked: Asked, model: ModelName, pictures: list[Picture], errors: Console) -> int:
    if asked.explain:
        _explain(asked, pictures, [shown_reading(reading_plan(each.image)) for each in pictures])
        if not asked.question:
            return 0
    read = await _read_all(pictures, errors)
    some_text = any(each.reading.lines for each in read)
    said: SpokenAnswer | None = None
    if not some_text:
        if not asked.json:
            print(NO_TEXT)
    elif not asked.question:
        if not asked.json:
            _print_text(read)
    else:
        errors.print(NO_EYES)
        from agents.cli.local_files import ensure_local_model

        ensure_local_model(model, quiet=asked.json)
        said = await _ask(asked, model, messages_about_text(read, asked.question))
        if not asked.json:
            _close_answer(said, errors)
    if asked.json:
        described = [{**_described(each.picture), "lines": _lines_json(each)} for each in read]
        cost = None if said is None else cost_of(model, said.usage)
        _print_json(asked, model if said else None, Way.READ, described, said, cost)
    return 0


async def _read_all(pictures: list[Picture], errors: Console) -> list[ReadPicture]:
    from agents.llm.model_files import models_folder
    from backends.vision.ocr.reader import RapidReader

    reader, shelf = RapidReader(), FolderShelf(models_folder().parent / "readings")
    found = []
    try:
        for picture in pictures:
            with _progress(picture.name, errors) as on_piece:
                found.append(await read_text(picture, reader, shelf, on_piece=on_piece))
    except PictureError as error:
        raise NimueError(str(error)) from error
    return found


@contextmanager
def _progress(name: str, errors: Console) -> Iterator[Any]:
    """A bar on a terminal, nothing in a log."""
    columns = (TextColumn("reading {task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _explain(asked: Asked, pictures: Sequence[Picture], plans: Sequence[Shown]) -> None:
    console = Console(highlight=False, markup=False)
    explained = []
    drawn: set[Path] = set()
    for number, (picture, usual) in enumerate(zip(pictures, plans, strict=True)):
        shown = usual if asked.rule is None else shown_by_rule(asked.rule, picture.size)
        path = asked.draw or Path(f"{Path(picture.name).stem or 'picture'}.slices.png")
        if path in drawn:
            path = path.with_stem(f"{path.stem}-{number + 1}")
        drawn.add(path)
        save_drawing(picture, shown, path)
        explained.append({**_described(picture), **_plan_json(shown), "drawing": str(path)})
        if not asked.json:
            print_plan(picture, shown, console)
            console.print(f"\nDrawn on the picture: {path}", soft_wrap=True)
    if asked.json and not asked.question:
        print(dumps({"pictures": explained}, ensure_ascii=False, indent=2))


def _plan_json(shown: Shown) -> dict[str, Any]:
    slices = [
        {"box": list(asdict(mark.box).values()), "label": " ".join(mark.lines)} for mark in shown.marked
    ]
    return {"slices": slices, "overview": shown.overview, "plan": shown.words.splitlines()}


async def _ask(asked: Asked, name: ModelName, messages: list[BaseMessage]) -> SpokenAnswer:
    from agents.llm.model import ModelOptions, open_model

    model: Model = open_model(name, ModelOptions(projector=asked.projector))

    def on_text(text: str, restarted: bool) -> None:
        if not asked.json:
            print("\n[once more]\n" if restarted else text, end="", flush=True)

    with closing(_Closing(model)):
        return await answer(model, messages, on_text)


@dataclass(frozen=True, slots=True)
class _Closing:
    model: Model

    def close(self) -> None:
        self.model.close()


def _close_answer(said: SpokenAnswer, errors: Console) -> None:
    print("" if said.text.endswith("\n") else "\n", end="", flush=True)
    if said.cut:
        errors.print("The answer was cut off at its longest allowed length.")


def _print_text(read: Sequence[ReadPicture]) -> None:
    for each in read:
        if len(read) > 1:
            print(f"{each.picture.name}:")
        print(each.reading.text or NO_TEXT)
        if len(read) > 1:
            print()


def _described(picture: Picture) -> dict[str, Any]:
    return {"name": picture.name, "kind": picture.kind, "size": picture.size, "notes": picture.notes}


def _lines_json(read: ReadPicture) -> list[dict[str, Any]]:
    return [
        {
            "text": line.text,
            "box": [round(edge) for edge in asdict(line.area).values()],
            "confidence": round(line.confidence, 3),
        }
        for line in read.reading.lines
    ]


def _print_json(
    asked: Asked,
    model: ModelName | None,
    way: Way,
    pictures: list[dict[str, Any]],
    said: SpokenAnswer | None,
    cost: Decimal | None,
) -> None:
    found = {
        "question": asked.question or None,
        "answer": None if said is None else said.text,
        "way": way,
        "limits": NO_EYES if way is Way.READ else None,
        "model": None if model is None else str(model),
        "pictures": pictures,
        "usage": None if said is None else asdict(said.usage),
        "cost_usd": None if cost is None else str(cost),
    }
    print(dumps(found, ensure_ascii=False, indent=2))
