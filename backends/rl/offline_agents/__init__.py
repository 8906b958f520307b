"""Offline agents behind one interface: BC, TD3+BC, AWAC, IQL, CQL and one-step RL.

`agent.py` is the interface, one file each has an agent's update rule in reading order, `networks.py` what
they are made of, `training.py` the loop that they share, `making.py` builds one by name and reads it back.
"""
