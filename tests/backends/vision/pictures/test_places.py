"""Where a picture is: paths as people paste them, data addresses, standard input."""

import base64
import io
import os
from pathlib import Path

import pytest

from backends.vision.pictures.errors import PictureError
from backends.vision.pictures.limits import Limits
from backends.vision.pictures.places import load_picture, path_of, stored_at, without_wrapping
from tests.backends.vision.pictures.drawn_files import drawn, saved

NO_INPUT = io.BytesIO()
PNG = saved(drawn(), "PNG")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "my photo (1).png"
    path.write_bytes(PNG)
    return path


@pytest.mark.parametrize(
    "pasted",
    [
        "{path}",
        "  {path}\n",
        '"{path}"',
        "'{path}'",
        "`{path}`",
        "“{path}”",
        "<{path}>",
        "\u202a{path}".replace("\u202a", "\u200e"),
        "{escaped}",
        "{url}",
        "{url_of_localhost}",
        "'{url}'",
    ],
)
async def test_a_path_is_found_however_it_was_pasted(photo: Path, pasted: str) -> None:
    text = pasted.format(
        path=photo,
        escaped=str(photo).replace(" ", "\\ ").replace("(", "\\(").replace(")", "\\)"),
        url=photo.as_uri(),
        url_of_localhost=photo.as_uri().replace("file://", "file://localhost"),
    )
    assert (await load_picture(text, stdin=NO_INPUT)).size == (60, 40)


def test_a_home_folder_is_expanded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert path_of("~/a.png") == tmp_path / "a.png"


def test_a_backslash_in_a_real_name_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a\\ b.png"
    path.write_bytes(PNG)
    assert path_of(str(path)) == path


def test_quotes_inside_a_name_are_kept() -> None:
    assert without_wrapping("it's.png") == "it's.png"
    assert without_wrapping("'tis.png") == "'tis.png"


async def test_standard_input_is_read_and_limited() -> None:
    assert (await load_picture("-", stdin=io.BytesIO(PNG))).name == "standard input"
    with pytest.raises(PictureError, match="standard input is larger than"):
        await load_picture("-", stdin=io.BytesIO(bytes(2_000_000)), limits=Limits(max_file_bytes=1_000_000))


async def test_a_pasted_data_address_is_decoded() -> None:
    address = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    assert (await load_picture(address, stdin=NO_INPUT)).size == (60, 40)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "No picture is named"),
        ("  ''  ", "No picture is named"),
        ("data:image/png;base64", "cut off before its data"),
        ("data:image/png;base64,abc", "no valid base64"),
        ("ftp://host/a.png", "not fetched by ftp://"),
        ("javascript://x", "not fetched by javascript://"),
        ("file://server/share/a.png", "lies on another machine, server"),
        ("a.png\nb.png", "one path at a time"),
        ("a\0b.png", "null byte"),
        ("~nobody-of-that-name/a.png", "no such home folder"),
        ("x" * 5000, "cannot be read: File name too long"),
    ],
)
async def test_what_is_no_place_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(PictureError, match=message) as caught:
        await load_picture(text, stdin=NO_INPUT)
    assert "\n" not in str(caught.value)


async def test_folders_devices_and_missing_files_are_named(tmp_path: Path) -> None:
    cases = {
        str(tmp_path): "is a folder. Name the pictures in it",
        os.devnull: "is a device",
        str(tmp_path / "none.png"): "There is no file",
    }
    for text, message in cases.items():
        with pytest.raises(PictureError, match=message):
            await load_picture(text, stdin=NO_INPUT)


async def test_a_file_larger_than_allowed_is_not_read_whole(photo: Path) -> None:
    with pytest.raises(PictureError, match="larger than 0 MB"):
        await stored_at(str(photo), NO_INPUT, Limits(max_file_bytes=50))


async def test_a_file_that_may_not_be_read_says_so(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(PictureError, match="may not be read by you"):
        await load_picture(str(photo), stdin=NO_INPUT)
