"""Language models as a source of beliefs about recorded games."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langchain_core.messages import AIMessage, BaseMessage

from agents.arena.belief_probes import RUN_KIND, ProbeConfig, Probing, Wanted, probe_all, wanted_probes
from agents.llm.model import ModelOptions
from agents.llm.scripted import scripted_model
from agents.recon.game import Limits
from agents.recon.probe import Questions, belief_from, no_opinion, probe_prompt, probe_schema, questions_of
from agents.recon.variants import HOSTED, find_variant
from agents.runs.folder import RunFolder, create_run
from games.avalon.belief_scores import score_game
from games.avalon.bots import make_bot
from games.avalon.play import play
from games.avalon.recorded_games import FinishedGame, finished_game
from games.avalon.roles import Role
from games.avalon.setup import preset
from games.avalon.view import view


def a_game(seed: int = 3) -> FinishedGame:
    setup = preset("5-standard")
    bots = {seat: make_bot("human_table", seed + seat) for seat in setup.seats}
    finished = finished_game(f"g{seed}", setup, play(setup, bots, seed).events)
    assert isinstance(finished, FinishedGame)
    return finished


def seat_of(game: FinishedGame, role: Role) -> int:
    return game.roles.index(role) + 1


def probed(
    tmp_path: Path,
    games: Sequence[FinishedGame],
    answer: Any,
    *,
    agent: str = "recon",
    run: RunFolder | None = None,
) -> tuple[Probing, list[list[BaseMessage]], RunFolder]:
    """Probe with a stand-in that answers every question with `answer`, a number or a text."""
    seen: list[list[BaseMessage]] = []

    def reply(messages: list[BaseMessage], metadata: Any, json_schema: Any) -> AIMessage:
        seen.append(messages)
        if isinstance(answer, str):
            return AIMessage(answer)
        names = [part.split('"')[1] for part in messages[-1].text.rpartition("Answer: ")[2].split(",")]
        fields = ", ".join(f'"{name}": {answer}' for name in names)
        return AIMessage(f"{{{fields}}}")

    config = ProbeConfig(agent=agent, model="scripted", games=tuple(game.fingerprint for game in games))
    folder = run or create_run(tmp_path, RUN_KIND, config.model_dump())
    probing = asyncio.run(
        probe_all(
            folder,
            config,
            wanted_probes(games),
            limits=Limits(),
            options=ModelOptions(),
            probed=lambda: None,
            open_models=lambda name, options: scripted_model(reply),
        )
    )
    return probing, seen, folder


def test_every_role_is_asked_what_it_does_not_know() -> None:
    game = a_game()
    asked = {role: questions_of(view(game.events[:30], seat_of(game, role))) for role in set(game.roles)}
    others = {role: {s for s in range(1, 6) if s != seat_of(game, role)} for role in asked}
    merlin_or_morgana = {seat_of(game, Role.MERLIN), seat_of(game, Role.MORGANA)}
    good = {seat for seat in range(1, 6) if seat not in game.evil}
    assert asked[Role.MERLIN] == Questions((), ())
    assert set(asked[Role.SERVANT].evil) == set(asked[Role.SERVANT].merlin) == others[Role.SERVANT]
    assert set(asked[Role.PERCIVAL].merlin) == merlin_or_morgana
    assert set(asked[Role.ASSASSIN].merlin) == good
    assert asked[Role.ASSASSIN].evil == ()


def test_a_probe_shows_a_seat_no_more_than_its_view() -> None:
    game = a_game()
    seat = seat_of(game, Role.SERVANT)
    seen = view(game.events[:40], seat)
    written = probe_prompt(seen, find_variant("recon"), HOSTED, questions_of(seen))
    text = "\n".join(message.text for message in written.messages)
    assert f"YOU are seat {seat}. Your role: Servant" in text
    assert "partner" not in text.partition("YOU are seat")[2]
    assert "TASK: a private estimate" in written.task


def test_odds_of_merlin_sum_to_one_and_what_is_known_stands() -> None:
    game = a_game()
    seen = view(game.events[:30], seat_of(game, Role.ASSASSIN))
    questions = questions_of(seen)
    numbers = dict(zip(probe_schema(questions).model_fields, [10, 30, 60], strict=True))
    believed = belief_from(seen, questions, numbers)
    assert believed.merlin_N.sum() == pytest.approx(1)
    assert [believed.merlin_N[seat - 1] for seat in questions.merlin] == pytest.approx([0.1, 0.3, 0.6])
    assert {seat for seat in range(1, 6) if believed.evil_N[seat - 1] == 1} == set(game.evil)


def test_all_zero_odds_are_no_opinion() -> None:
    game = a_game()
    seen = view(game.events[:30], seat_of(game, Role.ASSASSIN))
    questions = questions_of(seen)
    nothing = belief_from(seen, questions, dict.fromkeys(probe_schema(questions).model_fields, 0))
    assert np.allclose(nothing.merlin_N, no_opinion(seen).merlin_N)


def test_what_scoring_asks_is_asked_of_the_model_once_each(tmp_path: Path) -> None:
    game = a_game()
    probing, seen, _ = probed(tmp_path, [game], 50)
    wanted: list[Wanted] = wanted_probes([game])
    assert len(seen) == len(wanted) == len({each.key for each in wanted})
    assert probing.unanswered == 0
    score = score_game(game, probing.source(game))
    assert score.values[("servant", "end")]["seat_log_loss"] == pytest.approx(np.log(2))


def test_an_answer_that_cannot_be_read_counts_as_no_opinion(tmp_path: Path) -> None:
    game = a_game()
    probing, _, _ = probed(tmp_path, [game], "I would rather not say.")
    assert probing.unanswered == len(wanted_probes([game]))
    score_game(game, probing.source(game))


def test_a_probing_that_is_gone_on_with_asks_nothing_again(tmp_path: Path) -> None:
    game = a_game()
    first, _, run = probed(tmp_path, [game], 40)
    again, seen, _ = probed(tmp_path, [game], 90, run=run)
    assert seen == []
    assert {key: belief.evil_N.tolist() for key, belief in again.answers.items()} == {
        key: belief.evil_N.tolist() for key, belief in first.answers.items()
    }


def test_recon_with_bayes_is_probed_with_its_odds_in_view(tmp_path: Path) -> None:
    game = a_game()
    _, seen, _ = probed(tmp_path, [game], 50, agent="recon+bayes")
    assert all("EVIDENCE" in messages[-1].text for messages in seen)
