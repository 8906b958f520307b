"""STORM: a world model of frames as random tokens, read by a transformer, in whose dreams the agent learns.

`model.py` is the world model, `sequence_model.py` its transformer, `imagination.py` the dreaming,
`actor_critic.py` the agent, `training.py` the loop that ties them to a game.
"""
