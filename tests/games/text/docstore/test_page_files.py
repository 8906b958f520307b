"""Pages from JSON lines of both forms, and what is said of broken ones."""

from pathlib import Path

import pytest

from games.errors import GameError
from games.text.docstore.page_files import read_pages
from games.text.docstore.pages import Page


def _file(folder: Path, *lines: str) -> Path:
    path = folder / "pages.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_page_has_its_text_in_paragraphs(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        '{"title": " Osk ", "text": "One.\\n\\nTwo.\\n \\nThree.", "aliases": ["O"], "redirects": ["Oskk"]}',
        "",
        '{"title": "Vell", "paragraphs": ["One.", " ", "Two."], "url": "x"}',
    )
    assert list(read_pages(path)) == [
        Page(title="Osk", paragraphs=("One.", "Two.", "Three."), aliases=("O", "Oskk")),
        Page(title="Vell", paragraphs=("One.", "Two.")),
    ]


def test_pages_of_fever_lose_their_treebank_brackets(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        '{"id": "", "text": "", "lines": ""}',
        '{"id": "Osk_-LRB-film-RRB-", "text": "Osk -LRB- 1980 -RRB- is `` a film \'\' .", "lines": ""}',
    )
    assert list(read_pages(path)) == [
        Page(title="Osk (film)", paragraphs=('Osk ( 1980 ) is " a film " .',)),
    ]


def test_accents_of_fever_are_coded_as_people_type_them(tmp_path: Path) -> None:
    (page,) = read_pages(_file(tmp_path, '{"id": "Rene\\u0301e", "text": "Rene\\u0301e sings ."}'))
    assert page == Page(title="Ren\u00e9e", paragraphs=("Ren\u00e9e sings .",))


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "line 2: not JSON"),
        ("[1]", "line 2: not a page"),
        ('{"title": "", "text": "x"}', "line 2: not a page (title:"),
        ('{"title": "Osk", "text": "  "}', "neither text nor paragraphs"),
        ('{"title": "Osk", "paragraphs": "x"}', "line 2: not a page (paragraphs:"),
        ('{"text": "x"}', "line 2: not a page (title: Field required)"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, complaint: str) -> None:
    path = _file(tmp_path, '{"title": "Osk", "text": "x"}', line)
    with pytest.raises(GameError) as error:
        list(read_pages(path))
    assert complaint in str(error.value) and str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_or_not_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(GameError, match="cannot be read"):
        list(read_pages(tmp_path / "none.jsonl"))
    (tmp_path / "binary.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(GameError, match="cannot be read"):
        list(read_pages(tmp_path / "binary.jsonl"))
