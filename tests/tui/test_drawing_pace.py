"""Drawing leaves time for keys, and the collector of garbage too."""

import gc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.drawing_pace import SHARE, DrawingPace
from tui.short_pauses import keep_pauses_short


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.floats(0.001, 2.0), min_size=1, max_size=20), st.floats(0.01, 0.3))
def test_drawing_takes_its_share_of_the_time_at_most(durations: list[float], tick: float) -> None:
    clock = Clock()
    pace = DrawingPace(clock)
    begins, spent = [], []
    for duration in durations:
        while not pace.may_draw():
            clock.now += tick
        begins.append(clock.now)
        clock.now += duration
        spent.append(duration)
        pace.drawn()
    for place, (begin, duration) in enumerate(zip(begins[1:], spent, strict=False)):
        assert duration / (begin - begins[place]) <= SHARE + 1e-9


def test_nothing_is_drawn_again_before_it_stands_on_the_screen() -> None:
    clock = Clock()
    pace = DrawingPace(clock)
    assert pace.may_draw()
    clock.now += 10
    assert not pace.may_draw()
    pace.drawn()
    clock.now += 10 * (1 - SHARE) / SHARE + 0.001
    assert pace.may_draw()


@pytest.fixture
def _collector() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.usefixtures("_collector")
def test_what_stands_in_memory_is_passed_over_by_the_collector() -> None:
    standing: list[object] = [[] for _ in range(100)]
    keep_pauses_short()
    assert gc.get_freeze_count() >= 100
    assert not any(one is standing for one in gc.get_objects())
