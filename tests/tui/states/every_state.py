"""Every screen in its states, to be looked at: how the app is brought there, by name, one file a place.

`tests/tui/test_snapshots.py` takes their pictures. A state whose name ends in "-empty" begins in an empty
folder, any other in one with a few runs, a recorded game and a memory.
"""

from tests.tui.states import chat, games, lab, learning, places
from tests.tui.states.steps import Steps

STATES: dict[str, Steps] = {
    **places.STATES,
    **games.STATES,
    **learning.STATES,
    **chat.STATES,
    **lab.STATES,
}
