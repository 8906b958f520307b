"""VCR: a latent model is taught by what matters, the values of actions in the states that it imagines.

`networks.py` and `values.py` are the data-efficient Rainbow that it stands on, `consistency.py` is the method
and its rival, `algorithm.py` one update, `training.py` the loop.

`control/` is the form for actions that steer, on DrQ and SAC; `comparison.py` is what both experiments share.
"""
