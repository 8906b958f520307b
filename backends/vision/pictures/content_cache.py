"""Keeps what was made of a picture, by the picture's content, so that a second look costs nothing."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

V = TypeVar("V")


class ContentCache(Generic[V]):
    """Values by key within a number of bytes; what was not used for longest goes first.

    Keys name content and how it was treated, for instance a digest of pixels and a plan.
    """

    def __init__(self, size_of: Callable[[V], int], max_bytes: int = 256 * 1024 * 1024) -> None:
        self._size_of = size_of
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: OrderedDict[Hashable, V] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """Find what is kept under a key, or make and keep it. The newest is kept even if it is too large."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        value = make()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = value
                self._bytes += self._size_of(value)
            while self._bytes > self._max_bytes and len(self._kept) > 1:
                self._bytes -= self._size_of(self._kept.popitem(last=False)[1])
        return value
