"""Environments of continuous actions by name, episodes in them, and policies that behave without learning.

`making.py` makes them, `point_maze.py` and `pendulum.py` are our own (the latter as many pendulums at once),
`scripted.py` has their experts, `episodes.py` plays and evaluates.
"""
