"""HotpotQA's own files: an array of questions, each with the paragraphs among which its answer lies.

The docstore is the union of all those paragraphs. A `pages.jsonl` beside the questions adds to it.
"""

import json
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from games.errors import GameError
from games.text.docstore.page_files import first_fault, read_pages
from games.text.docstore.pages import Page
from games.text.docstore.store import Docstore

PAGES_FILE = "pages.jsonl"

Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class PublishedQuestion(BaseModel):
    """One element of the array; what the environment does not use is left out."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: Said = Field(alias="_id")
    question: Said
    answer: Said
    type: str = "bridge"
    level: str = ""
    context: tuple[tuple[str, tuple[str, ...]], ...]


def read_questions(path: Path) -> tuple[PublishedQuestion, ...]:
    """Read `hotpot_dev_distractor_v1.json` or a file of its form.

    Raises:
        GameError: it cannot be read or a question has not the form; the message says where.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise GameError(f"{path} cannot be read: {error}") from error
    except json.JSONDecodeError as error:
        raise GameError(f"{path}, line {error.lineno}: not JSON ({error.msg})") from error
    if not isinstance(entries, list) or not entries:
        raise GameError(f"{path}: HotpotQA's file is an array of questions, and this holds none")
    questions: list[PublishedQuestion] = []
    seen: dict[str, int] = {}
    for place, entry in enumerate(entries, start=1):
        try:
            question = PublishedQuestion.model_validate(entry)
        except ValidationError as error:
            raise GameError(f"{path}, question {place}: {first_fault(error)}") from error
        if question.id in seen:
            raise GameError(
                f"{path}, question {place}: its _id {question.id} is that of question {seen[question.id]}"
            )
        seen[question.id] = place
        questions.append(question)
    return tuple(questions)


def store_of(questions: tuple[PublishedQuestion, ...], more: Path | None) -> Docstore:
    """Every page that occurs with a question, once, and those of a file.

    Raises:
        GameError: the file cannot be read.
    """
    pages: dict[str, Page] = {}
    for question in questions:
        for title, sentences in question.context:
            text = "".join(sentences).strip()
            if text:
                pages.setdefault(title, Page(title=title, paragraphs=(text,)))
    if more is not None:
        for page in read_pages(more):
            # A whole page is worth more than the one paragraph that came with a question.
            pages[page.title] = page
    return Docstore(pages.values())


def question_file(data: Path) -> tuple[Path, Path | None]:
    """The questions and the additional pages in what the user named.

    Raises:
        GameError: there is no such file, or it is not clear which it is.
    """
    if not data.is_dir():
        return data, None
    found = sorted(data.glob("*.json"))
    if len(found) != 1:
        raise GameError(
            f"{data} holds {len(found)} .json files: HotpotQA needs one, like hotpot_dev_distractor_v1.json"
        )
    pages = data / PAGES_FILE
    return found[0], pages if pages.exists() else None
