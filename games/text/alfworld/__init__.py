"""ALFWorld: household tasks in words, on the TextWorld engine (extra `nimue[alfworld]`).

Start at `suite.py`, which opens the tasks, and `environment.py`, which plays one. `engine.py` alone imports
TextWorld. `generator.py` makes new games, `games.jsonl.gz` holds the bundled ones.
"""
