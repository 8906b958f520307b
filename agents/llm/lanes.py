"""Which cache slot of the embedded engine answers a call, and how calls share what they have in common.

On a processor it is reading the prompt that costs, so no text should be read twice. Calls of one lane return
to the slot that holds their growing prompt; when another lane needs that slot, its cache is saved first, and
copied back when the lane returns. What lanes share, the rules and the transcript, is read by the first of
them and copied to the others. For that, long new text is read in turn, also by calls that come at once:
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

WORTH_COPYING = 300
"""Characters, some 75 tokens, that take longer to read than a cache takes to be saved and copied (about 0.1
s).
"""


class SlotStore(Protocol):
    """Saves caches of slots as files."""

    async def save(self, slot: int, file: str) -> int:
        """Save a slot's cache; its size, or 0 when there is no room for it."""
        ...

    async def restore(self, slot: int, file: str) -> bool:
        """Put a saved cache into a slot; False when it is gone."""
        ...

    def delete(self, file: str) -> None:
        """Delete a saved cache."""
        ...


@dataclass(slots=True, eq=False)
class _Slot:
    number: int
    lane: str = ""
    text: str = ""
    """The prompt whose cache it holds."""
    last_use: int = 0
    busy: bool = False


@dataclass(slots=True, eq=False)
class _Saved:
    file: str
    text: str
    size: int
    last_use: int


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
    waiting: list[str] = field(default_factory=list)
    """Prompts of the calls that wait to be read."""


class Lanes:
    """Hands out the slots of one engine."""

    def __init__(self, slots: int, store: SlotStore, saved_bytes: int) -> None:
        """
        Args:
            saved_bytes: How much saved caches may take together; those not used for longest make room.
        """
        self._slots = [_Slot(number) for number in range(slots)]
        self._saved: list[_Saved] = []
        self._saved_bytes = saved_bytes
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
        queues.waiting.append(prompt)
        try:
            await queues.free_slots.acquire()
        except BaseException:
            queues.waiting.remove(prompt)
            raise
        slot = self._choose(lane, prompt)
        slot.busy, slot.last_use = True, next(self._clock)
        try:
            try:
                await queues.reading.acquire()
            finally:
                queues.waiting.remove(prompt)
            try:
                cached_tokens = await self._warm(slot, lane, prompt, prefill)
            finally:
                queues.reading.release()
            yield Turn(slot.number, cached_tokens)
            slot.text = prompt
        finally:
            slot.busy = False
            queues.free_slots.release()

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
        """The lane's own slot, else the one unused for longest; for a call without a lane the likest."""
        idle = [slot for slot in self._slots if not slot.busy]
        if not lane:
            return max(idle, key=lambda slot: (_shared(slot.text, prompt), -slot.last_use))
        return min(idle, key=lambda slot: (slot.lane != lane, slot.last_use))

    async def _warm(self, slot: _Slot, lane: str, prompt: str, prefill: Prefill) -> int | None:
        if slot.lane != lane and len(slot.text) - _shared(slot.text, prompt) >= WORTH_COPYING:
            await self._save(slot)
        slot.lane = lane
        await self._copy_likest(slot, prompt)
        if len(prompt) - _shared(slot.text, prompt) < WORTH_COPYING:
            return None
        slot.text = ""
        cached_tokens = await prefill(slot.number)
        slot.text = prompt
        if any(self._gain(slot, other) >= WORTH_COPYING for other in self._queues.waiting):
            await self._save(slot)
        return cached_tokens

    async def _copy_likest(self, slot: _Slot, prompt: str) -> None:
        """Copy the cache that holds most of the prompt into the slot, if it holds clearly more than the slot
        does.
        """
        sources: list[_Slot | _Saved] = [*self._saved, *(other for other in self._slots if not other.busy)]
        source = max(sources, key=lambda each: _shared(each.text, prompt), default=None)
        if source is None or _shared(source.text, prompt) - _shared(slot.text, prompt) < WORTH_COPYING:
            return
        saved = await self._save(source) if isinstance(source, _Slot) else source
        if saved is None:
            return
        saved.last_use = next(self._clock)
        slot.text = ""
        if await self._store.restore(slot.number, saved.file):
            slot.text = saved.text
        else:
            self._forget(saved)

    def _gain(self, slot: _Slot, prompt: str) -> int:
        """How much more of a prompt the slot holds than what is saved or lies in idle slots."""
        others: list[_Slot | _Saved] = [*self._saved, *(other for other in self._slots if other is not slot)]
        known = max((_shared(other.text, prompt) for other in others), default=0)
        return _shared(slot.text, prompt) - known

    async def _save(self, slot: _Slot) -> _Saved | None:
        """Save a slot's cache, in place of those it contains; None when there is no room."""
        for saved in self._saved:
            if saved.text.startswith(slot.text):
                return saved
        for saved in [saved for saved in self._saved if slot.text.startswith(saved.text)]:
            self._forget(saved)
        file = f"cache-{next(self._clock)}.bin"
        size = await self._store.save(slot.number, file)
        if not size:
            return None
        kept = _Saved(file, slot.text, size, next(self._clock))
        while self._saved and size + sum(saved.size for saved in self._saved) > self._saved_bytes:
            self._forget(min(self._saved, key=lambda saved: saved.last_use))
        self._saved.append(kept)
        return kept

    def _forget(self, saved: _Saved) -> None:
        self._saved.remove(saved)
        self._store.delete(saved.file)


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
