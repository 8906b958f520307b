"""FamO2O: one policy for every balance of boldness and care, and a model that picks it by state (2023).

`bandit.py` shows the gain of a balance by state in a table; `agent.py` is FamO2O on IQL, `jobs.py` trains it
offline and goes on with it in an environment. The balance itself is in `backends/rl/constraints/family.py`.
"""
