"""Transitions of an environment in one store, whatever file they came from.

`store.py` is the store and what follows from it; `d4rl.py`, `minari_sets.py` and `plain_files.py` read and
write files; `opening.py` finds the reader by a name.
"""
