"""VCR for continuous actions, on DrQ and SAC: values are compared on a set of actions drawn for each state.

`networks.py` and `algorithm.py` are the base, `consistency.py` is the method, `training.py` the loop.
"""
