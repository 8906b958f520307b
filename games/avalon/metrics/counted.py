"""Shares and means that add up over games, and that have no value where nothing was counted."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `of` cases."""

    hits: int = 0
    of: int = 0

    @property
    def rate(self) -> float | None:
        return self.hits / self.of if self.of else None

    def __add__(self, other: "Share") -> "Share":
        return Share(self.hits + other.hits, self.of + other.of)

    def counting(self, hit: bool) -> "Share":
        """With one more case."""
        return Share(self.hits + hit, self.of + 1)


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of `of` values that add up to `total`."""

    total: float = 0.0
    of: int = 0

    @property
    def value(self) -> float | None:
        return self.total / self.of if self.of else None

    def __add__(self, other: "Mean") -> "Mean":
        return Mean(self.total + other.total, self.of + other.of)

    def counting(self, value: float) -> "Mean":
        """With one more value."""
        return Mean(self.total + value, self.of + 1)


NO_CASES = Share()
NO_VALUES = Mean()
