"""GFUCB: several bandit tasks that share an unknown representation, explored together and optimistically.

`tasks.py` are the worlds, `finite_class.py` the exact rule for a finite set of representations,
`lagrangian.py` and `neural_linear.py` the rules for networks, `simulation.py` the loop that counts regret.

`mdps/` is the version for decisions in a row.
"""
