"""OPER (later ODPR): static priorities that improve the behaviour a policy is bound to (arXiv 2306.05412).

The priorities are the kit `backends/rl/samplers`; `bandit.py` is the authors' demonstration, `jobs.py`
weighs data, `reproduce.py` compares. Training with priorities is `rl.offline train --priorities`.
"""
