"""Which cache slot of the embedded engine answers a call, and how calls share what they have in common.

On a processor it is reading the prompt that costs, so no part of a prompt should be read twice. Calls of one
lane return to the slot that holds their growing prompt. What several lanes share, the rules and the
transcript, is read by the first of them; its cache is saved as a snapshot and copied into the slots of the
others. For that, long new text is read in turn: by calls that come at once, too, and at no loss, since
reading keeps all cores busy anyway.

How much two prompts share is judged by their text. A wrong guess costs time only: the engine compares tokens
itself.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

WORTH_SHARING = 300
"""Characters of new text, some 75 tokens, above which reading costs more than saving and copying (about 0.1
s).
"""
MAX_SNAPSHOTS = 4
"""Snapshots take 10 to 30 kB a token."""


class SlotStore(Protocol):
    """Saves and restores the cache of a slot."""

    async def save(self, slot: int, file: str) -> bool:
        """Save a slot; False when there is no room for it."""
        ...

    async def restore(self, slot: int, file: str) -> bool:
        """Put what was saved into a slot; False when it is gone."""
        ...


@dataclass(slots=True)
class _Slot:
    number: int
    lane: str = ""
    text: str = ""
    """The prompt whose cache it holds."""
    last_use: int = 0
    busy: bool = False


@dataclass(slots=True)
class _Snapshot:
    file: str
    text: str = ""
    last_use: int = 0


@dataclass(frozen=True, slots=True)
class Turn:
    """A call's stay in a slot."""

    slot: int
    cached_tokens: int | None
    """Tokens found in the cache when the prompt was read ahead of the call; None when the call itself reads
    it.
    """


Prefill = Callable[[int], Awaitable[int]]
"""Reads the prompt into a slot and returns how many of its tokens were cached."""


@dataclass(slots=True)
class _Queues:
    """Where calls wait. They belong to one event loop."""

    free_slots: asyncio.Semaphore
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)


class Lanes:
    """Hands out the slots of one engine."""

    def __init__(self, slots: int, store: SlotStore) -> None:
        self._slots = [_Slot(number) for number in range(slots)]
        self._snapshots = [_Snapshot(f"snapshot-{number}.bin") for number in range(MAX_SNAPSHOTS)]
        self._store = store
        self._clock = itertools.count(1)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queues = _Queues(asyncio.Semaphore(slots))

    @asynccontextmanager
    async def turn(self, lane: str, prompt: str, prefill: Prefill) -> AsyncIterator[Turn]:
        """A slot for one call, with as much of the prompt in its cache as can be had without reading it
        twice.
        """
        queues = self._queues_here()
        async with queues.free_slots:
            slot = self._choose(lane, prompt)
            slot.busy, slot.lane, slot.last_use = True, lane, next(self._clock)
            try:
                async with queues.reading:
                    cached_tokens = await self._warm(slot, prompt, prefill)
                yield Turn(slot.number, cached_tokens)
                slot.text = prompt
            finally:
                slot.busy = False

    def _queues_here(self) -> _Queues:
        """A command may run several event loops one after the other; queues of an ended one are of no use."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            self._queues = _Queues(asyncio.Semaphore(len(self._slots)))
            for slot in self._slots:
                slot.busy = False
        return self._queues

    def _choose(self, lane: str, prompt: str) -> _Slot:
        """The lane's own slot; else the one unused for longest, or for a call without a lane the likest."""
        idle = [slot for slot in self._slots if not slot.busy]
        if not lane:
            return max(idle, key=lambda slot: (_shared(slot.text, prompt), -slot.last_use))
        return min(idle, key=lambda slot: (slot.lane != lane, slot.last_use))

    async def _warm(self, slot: _Slot, prompt: str, prefill: Prefill) -> int | None:
        known = _shared(slot.text, prompt)
        snapshot = max(self._snapshots, key=lambda each: _shared(each.text, prompt))
        if _shared(snapshot.text, prompt) - known >= WORTH_SHARING:
            snapshot.last_use = next(self._clock)
            if await self._store.restore(slot.number, snapshot.file):
                slot.text = snapshot.text
                known = _shared(slot.text, prompt)
            else:
                snapshot.text = ""
        if len(prompt) - known < WORTH_SHARING:
            return None
        slot.text = ""
        cached_tokens = await prefill(slot.number)
        slot.text = prompt
        await self._save(slot)
        return cached_tokens

    async def _save(self, slot: _Slot) -> None:
        """Keep the slot's cache for other lanes, in place of what it contains wholly or what was not used for
        longest.
        """
        contained = [each for each in self._snapshots if slot.text.startswith(each.text)]
        snapshot = min(contained or self._snapshots, key=lambda each: each.last_use)
        snapshot.text, snapshot.last_use = "", next(self._clock)
        if await self._store.save(slot.number, snapshot.file):
            snapshot.text = slot.text


def _shared(one: str, other: str) -> int:
    """Length of the common beginning, found by halving: comparing slices is quick where a loop is slow."""
    same, longest = 0, min(len(one), len(other))
    while same < longest:
        middle = (same + longest + 1) // 2
        if one[:middle] == other[:middle]:
            same = middle
        else:
            longest = middle - 1
    return same
