"""The present list of a set, kept beside its log so that nobody has to replay the log to read it.

The log is what counts: a kept list is thrown away and made anew at will (`InsightStore.rebuild`).
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict

from memory.insights import Event, Insight, State
from memory.workspace import Workspace


def keep_list(connection: sqlite3.Connection, set_id: str, insights: Sequence[Insight]) -> None:
    """Write the list as of the last event, in the transaction that wrote the event."""
    connection.execute(
        "INSERT OR REPLACE INTO insight_lists SELECT ?1, ifnull(max(seq), 0), ?2 FROM insight_events "
        "WHERE set_id = ?1",
        (set_id, json.dumps([asdict(insight) for insight in insights])),
    )


def kept_list(workspace: Workspace, set_id: str) -> tuple[Insight, ...] | None:
    """The list, unless none is kept or the log has gone on without it."""
    rows = workspace.rows(
        "SELECT list_json FROM insight_lists WHERE set_id = ?1 AND seq = "
        "(SELECT ifnull(max(seq), 0) FROM insight_events WHERE set_id = ?1)",
        set_id,
    )
    if not rows:
        return None
    return tuple(
        Insight(**{**insight, "state": State(insight["state"])}) for insight in json.loads(rows[0][0])
    )


def broken_chain(log: Sequence[tuple[int, Event]]) -> list[str]:
    """Events that do not go on from where the one before left their insight, a line each."""
    told = []
    last: dict[str, Event] = {}
    for seq, event in log:
        if not event.accepted or event.insight_id is None:
            continue
        before = last.get(event.insight_id)
        text = None if before is None else before.text_after
        count = 0 if before is None else before.count_after
        if event.text_before != text or event.count_after - event.delta != count:
            told.append(
                f"event {seq} does not go on from the event before it: events of {event.insight_id} are lost"
            )
        last[event.insight_id] = event
    return told
