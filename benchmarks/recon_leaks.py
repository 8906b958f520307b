"""Does contemplation keep secrets in, and which of its parts does it? The LeakyMock experiment.

A stand-in for a language model drafts speeches that tell a private fact with a fixed probability. Asked
how others would read a draft, it flags the fact if the draft holds one; asked to refine, it takes out
what has been flagged in what it is shown, and nothing else. So whatever a variant keeps from leaking,
it does by handing drafts and readings to the right calls: the mock remembers nothing between calls.

A reading may also overlook every leak, as a weak model does: then the check of `recon+bayes` stands alone.

An Assassin that listens names whoever spoke as only Merlin could. Every team is approved and every
quest succeeds without asking the model, so that each game ends with the shot and all that differs is
what is said. Every variant plays the same deals, and a draft of the same decision leaks in all
variants or in none.

    python -m benchmarks.recon_leaks --games 200 --json benchmarks/results/recon_leaks.json
"""

import argparse
import asyncio
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from langchain_core.messages import BaseMessage

from agents.llm.model import Model
from agents.llm.scripted import scripted_model
from agents.recon.game import FALLBACK_BOT
from agents.recon.player import ModelPlayer
from agents.recon.seat_context import SeatContext
from agents.recon.state import Json, SeatInput, SeatOutput, TableState, pack_action, unpack_event
from agents.recon.table_graph import MAX_STEPS, TableContext, build_table_graph
from agents.recon.variants import Contemplation, find_variant
from benchmarks.measured import written
from games.avalon.actions import Action, Card, Shoot, Vote
from games.avalon.bots import make_bot
from games.avalon.draws import deal
from games.avalon.events import Event
from games.avalon.knowledge import Knowledge, knowledge_of
from games.avalon.roles import Role
from games.avalon.setup import TABLE_RULES, Setup, preset
from games.avalon.view import View, view

VARIANTS = ("direct", "cot", "recon", "recon-no-second", "recon-no-refine", "recon-no-first", "recon-no-form")
OVERLOOKING = ", overlooking"
"""After a variant's name: its readings notice nothing, so that only the check of `recon+bayes` is left."""
CHECKED = tuple(f"{name}{OVERLOOKING}" for name in ("recon", "recon+bayes"))
SETTINGS = Contemplation()
NUM_RESAMPLES = 10_000

# -- secrets -----------------------------------------------------------------------------------------


def secret_of(known: Knowledge) -> str:
    """What this seat knows and others do not, as it might slip out; empty for a servant."""
    if known.role is Role.MERLIN and known.evil is not None:
        return f"seats {_list(known.evil)} are Evil."
    if known.merlin_candidates:
        return f"seats {_list(known.merlin_candidates)} hide Merlin."
    if known.evil is not None:
        return f"seats {_list(known.evil - {known.seat})} side with me."
    return ""


def _list(seats: frozenset[int]) -> str:
    return " and ".join(str(seat) for seat in sorted(seats))


def merlin_by_ear(speeches: Sequence[tuple[int, str]]) -> set[int]:
    """The seats that the Assassin takes for Merlin after what was said: by whom, or of whom."""
    suspects = set()
    for speaker, words in speeches:
        if re.search(r"seats [\d and]+ are Evil", words):
            suspects.add(speaker)
        for named in re.findall(r"seats ([\d and]+) hide Merlin", words):
            suspects.update(int(seat) for seat in named.split(" and "))
    return suspects


# -- the model ---------------------------------------------------------------------------------------

_OPENING = "Friends, I have looked at the record."
_DRAFT = re.compile(rf'"({re.escape(_OPENING)}[^"]*)"')
_FLAG = "It gives away that "
_FLAGGED = re.compile(rf"{_FLAG}(seats [^.]*\.)")
_FOUND = re.compile(r'^- "([^"]*)"', re.MULTILINE)  # by the check of `recon+bayes`


class LeakyMock:
    """A model of one game whose drafts leak with probability `leakiness`, by a coin for each decision."""

    def __init__(self, setup: Setup, seed: int, leakiness: float, *, notices: bool = True) -> None:
        """With `notices` False its readings overlook every leak, as those of a weak model do."""
        roles = deal(setup, seed).roles
        self._secrets = {seat: secret_of(knowledge_of(setup, roles, seat)) for seat in setup.seats}
        self._seed = seed
        self._leakiness = leakiness
        self._notices = notices

    def reply(
        self, messages: list[BaseMessage], metadata: Mapping[str, str], json_schema: Json | None
    ) -> str:
        assert json_schema is not None
        prompt = "\n".join(message.text for message in messages)
        stage = metadata["stage"].partition("#")[0]
        seat = int(metadata["lane"].partition("/")[0])
        texts = {"think": "Privately, I want to win."}
        if stage == "draft":
            texts["speak"] = self._draft(metadata["decision"], self._secrets[seat])
        elif stage == "second_order":
            secret = self._secrets[seat]
            texts["leak"] = (
                f"{_FLAG}{secret}" if self._notices and secret and secret in _draft_in(prompt) else "nothing"
            )
        elif stage == "refined":
            texts["speak"] = _without(_FLAGGED.findall(prompt), _draft_in(prompt))
        elif stage == "mended":
            texts["speak"] = _without(_FOUND.findall(prompt), _draft_in(prompt))
        return json.dumps(_filled(json_schema, texts))

    def _draft(self, decision: str, secret: str) -> str:
        slips = Random(f"{self._seed}/{decision}").random() < self._leakiness
        return f"{_OPENING} {secret}" if secret and slips else _OPENING


def _draft_in(prompt: str) -> str:
    """The draft speech that a prompt shows; empty where it shows none."""
    shown = _DRAFT.findall(prompt)
    return shown[-1] if shown else ""


def _without(flagged: Sequence[str], speech: str) -> str:
    for fact in flagged:
        speech = speech.replace(fact, "")
    return speech.strip() or _OPENING


def _filled(schema: Json, texts: Mapping[str, str]) -> Json:
    """An answer with these fields, and the first legal value for every other field of the schema."""
    definitions = schema.get("$defs", {})

    def value(field: Json) -> Any:
        if "$ref" in field:
            field = definitions[field["$ref"].removeprefix("#/$defs/")]
        match field:
            case {"enum": [first, *_]} | {"const": first}:
                return first
            case {"properties": inner}:
                return {name: value(each) for name, each in inner.items()}
            case {"type": "integer"}:
                return 50
            case {"type": "array"}:
                return []
            case _:
                return "No opinion yet."

    return {name: texts.get(name) or value(field) for name, field in schema["properties"].items()}


# -- one game ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Talker:
    """Contemplates what it says; approves every team and plays success.

    At the end the Assassin names one of the seats that were given away as Merlin, or guesses if none was.
    """

    model_player: ModelPlayer
    shot: Random

    async def decide(self, work: SeatInput) -> SeatOutput:
        action: Action
        match work["decision"]["kind"]:
            case "vote":
                action = Vote(True)
            case "card":
                action = Card(False)
            case "shoot":
                seen = view(map(unpack_event, work["events"]), work["seat"])
                action = Shoot(self.shot.choice(_suspects(seen)))
            case _:
                return await self.model_player.decide(work)
        return SeatOutput(action=pack_action(action), private=[])


def _suspects(seen: View) -> list[int]:
    partners = seen.knowledge.evil or frozenset()
    targets = {seat for seat in seen.setup.seats if seat not in partners}
    heard = [
        (event.seat, str(event.data["text"]))
        for event in seen.events
        if event.type == "speech" and event.seat in targets
    ]
    return sorted(merlin_by_ear(heard) & targets or targets)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one game came to, counted in its public events."""

    seed: int
    speeches: int
    """By seats that have a secret."""
    leaks: int
    """Those of them that told it."""
    merlin_hit: bool
    fallbacks: int


def play(variant: str, setup: Setup, seed: int, leakiness: float) -> Outcome:
    """One game of a variant against the listening Assassin."""
    dealt = deal(setup, seed)
    notices = not variant.endswith(OVERLOOKING)
    model = scripted_model(LeakyMock(setup, seed, leakiness, notices=notices).reply)
    shot = Random(f"{seed}/shot")
    events: list[Event] = []
    context = TableContext(
        setup=setup,
        deal=dealt,
        players={
            seat: Talker(_model_player(variant.removesuffix(OVERLOOKING), model), shot)
            for seat in setup.seats
        },
        record=lambda _, event: events.append(event),
        awaiting=lambda _: None,
        session="benchmark",
    )
    graph = build_table_graph().compile()
    start = TableState(events=[], answers={})
    asyncio.run(graph.ainvoke(start, {"recursion_limit": MAX_STEPS}, context=context))
    secrets = {seat: secret_of(knowledge_of(setup, dealt.roles, seat)) for seat in setup.seats}
    said = [event for event in events if event.type == "speech" and secrets[event.seat or 0]]
    (taken,) = (event for event in events if event.type == "shot")
    return Outcome(
        seed=seed,
        speeches=len(said),
        leaks=sum(secrets[event.seat or 0] in event.data["text"] for event in said),
        merlin_hit=bool(taken.data["hit"]),
        fallbacks=sum(event.type == "fallback" for event in events),
    )


def _model_player(variant: str, model: Model) -> ModelPlayer:
    return ModelPlayer(
        SeatContext(
            game="leaks",
            model=model,
            variant=find_variant(variant),
            settings=SETTINGS,
            fallback=make_bot(FALLBACK_BOT, 0),
            listen=lambda seat, stage, delta: None,
        )
    )


# -- all games ---------------------------------------------------------------------------------------


def measure(
    variants: Sequence[str],
    setup: Setup,
    seeds: Sequence[int],
    leakiness: float,
    progress: Callable[[str], None] = lambda line: None,
) -> dict[str, list[Outcome]]:
    """The same deals played by each variant."""
    outcomes = {}
    for variant in variants:
        outcomes[variant] = [play(variant, setup, seed, leakiness) for seed in seeds]
        progress(f"{variant}: {json.dumps(summary(outcomes[variant]))}")
    return outcomes


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Rates of one variant, each with its 95 % interval."""
    games = len(outcomes)
    speeches, leaks = (sum(getattr(each, name) for each in outcomes) for name in ("speeches", "leaks"))
    hits = sum(each.merlin_hit for each in outcomes)
    per_game = np.array([(each.leaks, each.speeches) for each in outcomes])
    resampled = per_game[_resamples(games)].sum(axis=1)
    return {
        "games": games,
        "speeches_of_seats_with_a_secret": speeches,
        "leaks": leaks,
        "leak_rate": round(leaks / speeches, 4),
        "leak_rate_wilson": wilson(leaks, speeches),
        "leak_rate_bootstrap_over_games": _middle(resampled[:, 0] / resampled[:, 1]),
        "merlin_hits": hits,
        "hit_rate": round(hits / games, 4),
        "hit_rate_wilson": wilson(hits, games),
        "merlin_survival": round(1 - hits / games, 4),
        "fallbacks": sum(each.fallbacks for each in outcomes),
    }


def survival_gap(better: Sequence[Outcome], worse: Sequence[Outcome]) -> dict[str, Any]:
    """How much more often Merlin survives, with a paired bootstrap over the deals."""
    gaps = np.array(
        [int(bad.merlin_hit) - int(good.merlin_hit) for good, bad in zip(better, worse, strict=True)]
    )
    return {
        "gap": round(float(gaps.mean()), 4),
        "paired_bootstrap": _middle(gaps[_resamples(len(gaps))].mean(axis=1)),
    }


def _resamples(count: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.random.default_rng(0).integers(count, size=(NUM_RESAMPLES, count))


def _middle(samples: np.ndarray[Any, np.dtype[np.float64]]) -> list[float]:
    low, high = np.quantile(samples, (0.025, 0.975))
    return [round(float(low), 4), round(float(high), 4)]


def wilson(successes: int, trials: int) -> list[float]:
    """The 95 % Wilson interval of a share."""
    z = 1.959964
    share = successes / trials
    middle = share + z * z / (2 * trials)
    spread = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return [round(max(0.0, (middle - spread) / scale), 4), round(min(1.0, (middle + spread) / scale), 4)]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--games", type=int, default=200, help="deals, each played by every variant")
    parser.add_argument("--setup", default="6-recon")
    parser.add_argument("--leakiness", type=float, default=0.5, help="how often a draft tells a secret")
    parser.add_argument("--json", type=Path, help="where to write the result")
    given = parser.parse_args()
    setup = preset(given.setup, TABLE_RULES)
    outcomes = measure((*VARIANTS, *CHECKED), setup, range(given.games), given.leakiness, print)
    result = {
        "leakiness": given.leakiness,
        "setup": setup.to_json(),
        "contemplation": asdict(SETTINGS),
        "seeds": f"0 to {given.games - 1}, the same deals for every variant",
        "variants": {variant: summary(each) for variant, each in outcomes.items()},
        "merlin_survival_of_recon_above": {
            variant: survival_gap(outcomes["recon"], each)
            for variant, each in outcomes.items()
            if variant != "recon"
        },
    }
    print(json.dumps(result["merlin_survival_of_recon_above"], indent=2))
    written(given.json, result)


if __name__ == "__main__":
    main()
