"""Games in ALFWorld's own layout of folders: `<split>/<type>-<thing>-.../trial_.../game.tw-pddl`.

So are the published games laid out, and so `expel games make` writes new ones.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from games.errors import GameError
from games.text.alfworld.bundle import MANIFEST
from games.text.alfworld.dialects import Dialect, dialect_of
from games.text.alfworld.game_text import GameText
from games.text.alfworld.games import TASK_TYPES, Game
from games.text.alfworld.goals import split_goal, with_goal
from games.text.alfworld.official import domain, grammar
from games.text.env import Task

GAME_FILE = "game.tw-pddl"
DESCRIPTION = "traj_data.json"
PUBLISHED = "json_2.1.1"
HELD_OUT = "valid_unseen"  # the split that ExpeL, as ReAct before it, is measured on

_TEMPLATE = re.compile(r'template\s*::\s*"([^"]*)"')
_SPLITS = frozenset({"train", "valid_seen", HELD_OUT})
_KINDS = {task_type: kind for kind, task_type in TASK_TYPES.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class GameFolder:
    """The usable games under a folder."""

    root: Path
    tasks: tuple[Task, ...]
    num_left_out: int
    """Games that are unsolvable, sliced, with movable receptacles, or of no known type."""
    rules: tuple[str, ...]
    """Fingerprints of the rules and wordings met in them."""
    dialect: Dialect
    """The wording of the first game."""
    generated: bool
    """Whether they are of our making."""

    def text_of(self, task: Task) -> GameText:
        """Raises:
        GameError: the task's file is gone or damaged.
        """
        game = _read_game(self.root / str(task.payload["game"]))
        return GameText(
            domain=game["pddl_domain"],
            grammar=game["grammar"],
            problem=game["pddl_problem"],
            walkthrough=tuple(game.get("walkthrough") or ()),
        )


def has_games(folder: Path) -> bool:
    return next(folder.rglob(GAME_FILE), None) is not None


def open_folder(folder: Path) -> GameFolder:
    """The games of a folder: of the held-out split where the folder has the published splits, else all.

    Raises:
        GameError: it has none, or one of them is damaged.
    """
    root = folder / PUBLISHED if (folder / PUBLISHED).is_dir() else folder
    if root.name in _SPLITS:
        root, searched = root.parent, root
    else:
        searched = root / HELD_OUT if has_games(root / HELD_OUT) else root
    tasks: list[Task] = []
    rules: set[str] = set()
    first, num_left_out = "", 0
    for path in sorted(searched.rglob(GAME_FILE)):
        name = path.parent.relative_to(root).as_posix()
        kind = _kind(path, name)
        if kind is None or (game := _read_game(path))["solvable"] is not True:
            num_left_out += 1
            continue
        general, goal = split_goal(game["grammar"])
        rules.add(sha256("\0".join([game["pddl_domain"], general]).encode()).hexdigest())
        first = first or game["grammar"]
        payload = {"game": path.relative_to(root).as_posix()}
        tasks.append(Task(id=name, kind=kind, goal=goal, payload=payload))
    if not tasks:
        left_out = f" ({num_left_out} are there, but none is usable)" if num_left_out else ""
        raise GameError(
            f"no ALFWorld games in {folder}{left_out}: give the folder that holds {PUBLISHED}, or one that "
            "`expel games make` wrote"
        )
    return GameFolder(
        root=root,
        tasks=tuple(tasks),
        num_left_out=num_left_out,
        rules=tuple(sorted(rules)),
        dialect=dialect_of(_TEMPLATE.findall(first)),
        generated=(folder / MANIFEST).exists(),
    )


def write_games(folder: Path, games: Sequence[Game]) -> None:
    """Write each game as ALFWorld's own tools read it."""
    for number, game in enumerate(games):
        task_type = TASK_TYPES[game.kind]
        _, target, goal_place, *_ = game.id.rpartition("/")[2].split("-")
        path = (
            folder / game.split / f"{task_type}-{target}-None-{goal_place}-{game.room}" / f"trial_{number:05}"
        )
        path.mkdir(parents=True)
        text = {
            "pddl_domain": domain(),
            "grammar": with_goal(grammar(), game.sentence),
            "pddl_problem": game.problem,
            "solvable": True,
            "walkthrough": list(game.walkthrough),
        }
        description = {"task_type": task_type, "task_id": game.id, "scene": {"scene_num": game.room}}
        (path / GAME_FILE).write_text(json.dumps(text))
        (path / DESCRIPTION).write_text(json.dumps(description, indent=2))
        (path / "initial_state.pddl").write_text(game.problem)


def _kind(path: Path, name: str) -> str | None:
    """The kind of task of a game; None if it is one that ALFWorld leaves out."""
    description = path.parent / DESCRIPTION
    if "movable" in name or "Sliced" in name or not description.exists():
        return None
    return _KINDS.get(_read(description).get("task_type", ""))


def _read_game(path: Path) -> dict[str, Any]:
    """A game file; one without word whether it can be solved is taken as one that cannot."""
    game = {"solvable": False, **_read(path)}
    missing = [
        part for part in ("pddl_domain", "grammar", "pddl_problem") if not isinstance(game.get(part), str)
    ]
    if missing:
        raise GameError(f"{path} is not an ALFWorld game: it has no {missing[0]}")
    return game


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise GameError(f"{path} cannot be read as an ALFWorld game: {error}") from error
    if not isinstance(content, dict):
        raise GameError(f"{path} is not an ALFWorld game")
    return content
