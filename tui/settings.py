"""What a person may set, kept in the `[tui]` table of `nimue.toml`.

The file is looked for in the working folder, then in the user's configuration folder; other tables in it are
left as they stand.
"""

import json
import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.errors import NimueError
from tui.picture_ways import WayAsked

FILE_NAME = "nimue.toml"
TABLE = "tui"

ThemeName = Literal["lake", "lake-light", "textual-dark", "textual-light", "nord", "gruvbox", "textual-ansi"]

_TABLE_IN_FILE = re.compile(rf"^\[{TABLE}\][^\n]*\n(?:(?!\[)[^\n]*\n?)*", re.MULTILINE)


class Settings(BaseModel):
    """Every setting; its description is its help."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    theme: Annotated[ThemeName, Field(title="Theme")] = Field("lake", description="Colours of the app.")
    runs: str = Field("runs", title="Runs", min_length=1, description="Folder that runs are kept in.")
    memory: str = Field(
        "nimue-memory", title="Memory", min_length=1, description="Folder of the memory of experiences."
    )
    model: str = Field(
        "", title="Model", description="provider:model of new runs; empty: NIMUE_MODEL, a key, or embedded."
    )
    seconds_a_moment: float = Field(
        0.8, title="Replay speed", ge=0.05, le=10, description="Seconds a moment stands when a game plays."
    )
    pictures: Annotated[WayAsked, Field(title="Pictures")] = Field(
        "auto", description="How pictures are drawn, from the next start on: auto is as the terminal can."
    )
    private_thoughts: bool = Field(
        True, title="Private thoughts", description="Show what agents think to themselves, where one may."
    )

    def runs_folder(self) -> Path:
        return Path(self.runs)

    def memory_folder(self) -> Path:
        return Path(self.memory)


def settings_file() -> Path:
    """Where the settings are read from and written to."""
    here = Path(FILE_NAME)
    return here if here.is_file() else platformdirs.user_config_path("nimue") / FILE_NAME


def read_settings(file: Path) -> Settings:
    """The settings of a file; the defaults where there is none.

    Raises:
        NimueError: The file cannot be read, or says something that is no setting.
    """
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
        return Settings(**found.get(TABLE, {}))
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError) as error:
        raise NimueError(f"{file} cannot be read: {error}. Mend or remove it.") from error
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise NimueError(f"{file}, [{TABLE}] {name}: {first['msg']}.") from error


def write_settings(file: Path, settings: Settings) -> None:
    """Put the settings that differ from the defaults into a file.

    Raises:
        NimueError: It cannot be written.
    """
    given = settings.model_dump(exclude_defaults=True)
    table = "\n".join([f"[{TABLE}]", *(f"{name} = {_toml(value)}" for name, value in given.items())]) + "\n"
    try:
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        others = _TABLE_IN_FILE.sub("", before).rstrip("\n")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{others}\n\n{table}" if others else table, encoding="utf-8")
    except OSError as error:
        raise NimueError(f"{file} cannot be written: {error.strerror}.") from error


def _toml(value: object) -> str:
    """A string, number or truth in TOML, which is JSON but for one character that TOML wants escaped."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
