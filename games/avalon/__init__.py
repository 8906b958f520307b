"""The Resistance: Avalon for 5 to 10 players.

Start with `rules.py` (the pure transition function), `live_table.py` (how a game moves) and `view.py`
(the only door through which a seat sees the game). Seats are numbered from 1 everywhere. Facts and
tables follow the official rules as ProAvalon and 12,882 logged human games play them.
"""
