"""Reinforcement learning from pixels: games that show frames, their replay, and strips of what was seen.

`game.py` says what a game is, `play.py` plays it episode after episode, `opening.py` finds it by name;
`catch.py` is a world of our own that a CPU learns in a minute, `atari.py` the 26 games of Atari-100k.
"""
