"""Slots and lanes: what is read, what is copied. The engine here counts the characters it has to read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.llm.lanes import Lanes, Turn

RULES = "R" * 2000


def secret(lane: str, length: int = 400) -> str:
    return lane * length


def common(one: str, other: str) -> int:
    return next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


@dataclass
class CountingEngine:
    """Holds one text a slot, as the real one holds tokens."""

    slots: int
    saved_bytes: int = 1 << 30
    full: bool = False
    held: dict[int, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    read: int = 0
    answering: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.lanes = Lanes(self.slots, self, self.saved_bytes)

    async def save(self, slot: int, file: str) -> int:
        assert slot not in self.answering, "saving a slot that answers would wait for the answer"
        if self.full:
            return 0
        self.files[file] = self.held[slot]
        return len(self.held[slot])

    async def restore(self, slot: int, file: str) -> bool:
        if file not in self.files:
            return False
        self.held[slot] = self.files[file]
        return True

    def delete(self, file: str) -> None:
        del self.files[file]

    def _read(self, slot: int, prompt: str) -> int:
        cached = common(self.held.get(slot, ""), prompt)
        self.read += len(prompt) - cached
        self.held[slot] = prompt
        return cached

    @asynccontextmanager
    async def answering_at(self, lane: str, prompt: str) -> AsyncIterator[Turn]:
        async def prefill(slot: int) -> int:
            await asyncio.sleep(0)
            return self._read(slot, prompt)

        async with self.lanes.turn(lane, prompt, prefill) as turn:
            assert turn.slot not in self.answering
            self.answering.add(turn.slot)
            self._read(turn.slot, prompt)
            yield turn
            self.answering.remove(turn.slot)

    async def ask(self, lane: str, prompt: str) -> Turn:
        async with self.answering_at(lane, prompt) as turn:
            await asyncio.sleep(0)
        return turn


async def test_a_lane_returns_to_its_slot() -> None:
    engine = CountingEngine(slots=3)
    first = await engine.ask("a", RULES + secret("a"))
    await engine.ask("b", RULES + secret("b"))
    again = await engine.ask("a", RULES + secret("a") + "more")
    assert again.slot == first.slot
    assert engine.read == len(RULES) + 400 + 400 + 4


async def test_calls_that_come_at_once_read_what_they_share_once() -> None:
    engine = CountingEngine(slots=6)
    await asyncio.gather(*(engine.ask(lane, RULES + secret(lane)) for lane in "abcdef"))
    assert engine.read == len(RULES) + 6 * 400


async def test_the_first_reader_counts_nothing_as_cached_and_the_next_the_shared_part() -> None:
    engine = CountingEngine(slots=2)
    turns = await asyncio.gather(*(engine.ask(lane, RULES + secret(lane)) for lane in "ab"))
    assert [turn.cached_tokens for turn in turns] == [0, len(RULES)]


async def test_a_short_addition_is_read_by_the_call_itself() -> None:
    engine = CountingEngine(slots=2)
    await engine.ask("a", RULES)
    assert (await engine.ask("a", RULES + "vote")).cached_tokens is None


async def test_more_lanes_than_slots_lose_nothing() -> None:
    engine = CountingEngine(slots=2)
    for turn in range(3):
        for lane in "abcde":
            await engine.ask(lane, RULES + secret(lane) * (turn + 1))
    assert engine.read == len(RULES) + 5 * 3 * 400


async def test_without_room_to_save_only_time_is_lost() -> None:
    engine = CountingEngine(slots=2, full=True)
    for lane in "abab":
        await engine.ask(lane, RULES + secret(lane))
    assert engine.read == 2 * (len(RULES) + 400)
    assert engine.files == {}


async def test_saved_caches_stay_within_their_bounds_and_the_oldest_goes() -> None:
    engine = CountingEngine(slots=1, saved_bytes=5500)
    for lane in "abcd":
        await engine.ask(lane, secret(lane, 2500))
    assert sum(map(len, engine.files.values())) <= 5500
    before = engine.read
    await engine.ask("c", secret("c", 2500))
    assert engine.read == before
    await engine.ask("a", secret("a", 2500))
    assert engine.read == before + 2500


async def test_a_saved_cache_that_is_gone_is_read_again() -> None:
    engine = CountingEngine(slots=1)
    await engine.ask("a", secret("a"))
    await engine.ask("b", secret("b"))
    engine.files.clear()
    engine.delete = lambda file: None  # type: ignore[method-assign]
    await engine.ask("a", secret("a"))
    assert engine.read == 3 * 400


async def test_a_call_without_a_lane_goes_where_most_of_it_lies() -> None:
    engine = CountingEngine(slots=3)
    for lane in "ab":
        await engine.ask(lane, secret(lane))
    assert (await engine.ask("", secret("b") + "!")).slot == 1


async def test_a_busy_lane_does_not_wait_for_itself() -> None:
    engine = CountingEngine(slots=2)
    async with engine.answering_at("a", RULES) as first, asyncio.timeout(60):
        second = await engine.ask("a", RULES + "x")
    assert second.slot != first.slot


async def test_when_all_slots_are_busy_a_call_waits() -> None:
    engine = CountingEngine(slots=1)
    async with engine.answering_at("a", RULES):
        waiting = asyncio.ensure_future(engine.ask("b", RULES))
        await asyncio.sleep(0.01)
        assert not waiting.done()
    assert (await waiting).slot == 0


async def test_a_dropped_call_frees_its_slot() -> None:
    engine = CountingEngine(slots=1)
    async with engine.answering_at("a", RULES):
        waiting = asyncio.ensure_future(engine.ask("b", RULES))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(60):
        await engine.ask("c", RULES)


def test_the_slots_serve_one_event_loop_after_another() -> None:
    engine = CountingEngine(slots=1)
    for _ in range(2):
        asyncio.run(engine.ask("a", RULES))
    assert engine.read == len(RULES)


CALLS = st.lists(
    st.tuples(st.sampled_from(["", "a", "b", "c", "d"]), st.text("xy", max_size=4), st.integers(0, 2)),
    max_size=14,
)


@settings(max_examples=60, deadline=None)
@given(calls=CALLS, slots=st.integers(1, 3), saved_bytes=st.integers(0, 9000))
def test_whatever_is_called_the_books_agree_with_the_engine(
    calls: list[tuple[str, str, int]], slots: int, saved_bytes: int
) -> None:
    """Two calls never share a slot, and a slot holds at least what it is believed to hold."""
    engine = CountingEngine(slots=slots, saved_bytes=saved_bytes)

    async def play() -> None:
        for at in range(0, len(calls), 3):
            await asyncio.gather(
                *(
                    engine.ask(lane, "".join(letter * 350 for letter in letters) + "." * extra)
                    for lane, letters, extra in calls[at : at + 3]
                )
            )
            for slot in engine.lanes._slots:
                assert engine.held.get(slot.number, "").startswith(slot.text)
            assert {saved.file: saved.text for saved in engine.lanes._saved} == engine.files

    asyncio.run(play())
