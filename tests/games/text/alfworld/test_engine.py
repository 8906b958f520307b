"""The engine against TextWorld's own environment, and what it does with texts that are no games."""

import random
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from games.errors import GameError
from games.text.alfworld.dialects import in_dialect
from games.text.alfworld.game_text import GameText, game_text
from games.text.alfworld.games import Game

NUM_RANDOM = 10
pytestmark = pytest.mark.usefixtures("engine_installed")


def reference_walk(text: GameText, plan: tuple[str, ...], seed: int) -> list[tuple[str, str, Any, bool]]:
    """A plan and then commands at random, in TextWorld's environment with ALFWorld's own names."""
    import textworld
    from alfworld.agents.environment.alfred_tw_env import AlfredDemangler
    from textworld.envs.pddl import PddlEnv

    env = AlfredDemangler(PddlEnv(textworld.EnvInfos(admissible_commands=True, won=True)))
    env.load({"pddl_domain": text.domain, "grammar": text.grammar, "pddl_problem": text.problem})
    state = env.reset()
    seen = [("", state.feedback, tuple(state["admissible_commands"]), state["won"])]
    rng = random.Random(seed)
    for place in range(NUM_RANDOM + len(plan)):
        commands = [*state["admissible_commands"], "dance", "go to moon 1"]
        command = plan[place] if place < len(plan) else rng.choice(commands)
        state, _, _ = env.step(command)
        seen.append((command, state.feedback, tuple(state["admissible_commands"]), state["won"]))
    return seen


@pytest.mark.parametrize("older", [False, True])
def test_what_is_read_is_to_the_letter_what_textworlds_own_environment_gives(
    games: tuple[Game, ...], older: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from games.text.alfworld.engine import HouseEngine

    monkeypatch.setenv("ALFWORLD_DATA", str(tmp_path))  # importing alfworld makes the folder that this names
    engine = HouseEngine()
    game = games[0] if older else games[5]  # a put and a puttwo
    text = game_text(game, "put" if older else "move")
    plan = tuple(in_dialect(command, "put" if older else "move")[0] for command in game.walkthrough)
    (_, opening, commands, won), *steps = reference_walk(text, plan, seed=4)
    assert engine.load(text.domain, text.grammar, text.problem) == opening
    assert (engine.commands, engine.won) == (commands, won)
    for command, feedback, commands, won in steps:
        seen = engine.act(command)
        assert seen == feedback if seen is not None else feedback == "Nothing happens."
        assert (engine.commands, engine.won) == (commands, won)
    assert any(won for _, _, _, won in steps)
    engine.close()


def test_threads_with_an_engine_each_see_what_one_alone_sees(games: tuple[Game, ...]) -> None:
    from games.text.alfworld.engine import HouseEngine

    def episode(game: Game) -> list[str | None]:
        text = game_text(game)
        engine = HouseEngine()
        seen = [engine.load(text.domain, text.grammar, text.problem)]
        moves = [engine.act(command) for command in game.walkthrough]
        assert engine.won
        engine.close()
        return [*seen, *moves]

    alone = [episode(game) for game in games[:4]]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(episode, games[:4])) == alone


def test_a_grammar_that_computes_more_than_names_is_refused(games: tuple[Game, ...]) -> None:
    from games.text.alfworld.engine import HouseEngine

    text = game_text(games[0])
    engine = HouseEngine()
    for harm in ("{__import__('os').getcwd()}", "[{open('x') | holds(a:agent, o:object)}]"):
        grammar = text.grammar.replace("You close the {r.name}.", f"You close {harm}.")
        assert grammar != text.grammar
        with pytest.raises(GameError, match="not a name"):
            engine.load(text.domain, grammar, text.problem)
    engine.close()


@pytest.mark.parametrize(
    ("part", "content"),
    [
        ("problem", "(define (problem x)"),
        ("problem", ""),
        ("grammar", "{"),
        ("domain", "()"),
        ("problem", "hello"),
    ],
)
def test_a_text_that_is_no_game_is_one_clear_error(games: tuple[Game, ...], part: str, content: str) -> None:
    from games.text.alfworld.engine import HouseEngine

    text = game_text(games[0])
    parts = {"domain": text.domain, "grammar": text.grammar, "problem": text.problem, part: content}
    engine = HouseEngine()
    with pytest.raises(GameError, match="cannot be read"):
        engine.load(parts["domain"], parts["grammar"], parts["problem"])
    assert engine.load(text.domain, text.grammar, text.problem).startswith("-= Welcome")
    engine.close()


def test_a_game_that_cannot_be_won_is_told(games: tuple[Game, ...]) -> None:
    from games.text.alfworld.engine import HouseEngine

    text = game_text(games[0])
    goal = text.problem.rpartition("(receptacleType ?r ")
    hopeless = f"{goal[0]}(receptacleType ?r Fridge{goal[2][goal[2].index('Type') :]}"
    engine = HouseEngine()
    with pytest.raises(GameError, match="its goal cannot be reached from its start"):
        engine.load(text.domain, text.grammar, hopeless)
    assert engine.load(text.domain, text.grammar, text.problem) and engine.plan()
    engine.close()


def test_nothing_is_printed_and_what_other_threads_print_is_not_lost(
    games: tuple[Game, ...], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from games.text.alfworld.engine import HouseEngine

    class Watched(list[str]):
        def __getitem__(self, place: Any) -> Any:
            raise AssertionError("the process's arguments are read")

    arguments = Watched()
    monkeypatch.setattr(sys, "argv", arguments)
    outputs = set()
    text = game_text(games[20])
    engine = HouseEngine()
    with ThreadPoolExecutor(1) as thread:
        loading = thread.submit(engine.load, text.domain, text.grammar, text.problem)
        while not loading.done():
            outputs.add(sys.stdout)
        loading.result()
    assert engine.plan()
    engine.close()
    assert sys.argv is arguments
    assert outputs == {sys.stdout}
    assert capfd.readouterr() == ("", "")
