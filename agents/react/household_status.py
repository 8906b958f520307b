"""Where a household task stands, in one line, read out of the trajectory alone.

Small models lose sight of what they carry and where they have looked; a line after each observation keeps it
before them. It says nothing that the actor has not seen.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from agents.react.lines import Entry

_PLACE = re.compile(r"\b([a-z]+ \d+)")
_WENT = re.compile(r"^go to ([a-z]+ \d+)$")
_PICKED = re.compile(r"^You pick up the ([a-z]+ \d+) from")
_PUT = re.compile(r"^You (?:move|put) the ([a-z]+ \d+) ")


def household_status(task_text: str, entries: Sequence[Entry]) -> str:
    """What is carried, and which places have not been looked at; closed ones count once they are open."""
    room = task_text.split("Your task is to:")[0]
    unseen = dict.fromkeys(_PLACE.findall(room))
    carried = ""
    for action, seen in pairwise(entries):
        if action["kind"] != "action" or seen["kind"] != "observation":
            continue
        went = _WENT.match(action["text"])
        opened = action["text"].removeprefix("open ")
        if went and "is closed." not in seen["text"]:
            unseen.pop(went[1], None)
        elif seen["text"].startswith("You open"):
            unseen.pop(opened, None)
        if picked := _PICKED.match(seen["text"]):
            carried = picked[1]
        elif _PUT.match(seen["text"]):
            carried = ""
    left = ", ".join(unseen) or "none"
    return f"(You carry: {carried or 'nothing'}. Places not looked into yet: {left}.)"
