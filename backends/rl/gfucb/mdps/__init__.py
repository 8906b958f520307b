"""GFUCB for decisions in a row: tasks on one Markov decision process, each with rewards of its own.

`worlds.py` are the processes, `optimism.py` the search for the most optimistic values in the joint set,
`learner.py` who keeps the data and acts, `play.py` the episodes and their regret.
"""
