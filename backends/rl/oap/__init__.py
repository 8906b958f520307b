"""OAP: an expert says whose action is better, and the policy is bound accordingly (ICML 2023).

Its code was never released: this is a reconstruction, inspired by the paper's abstract and by what a
follow-up says of it. `probe.py` is a closed form of the idea, `session.py` a training that asks while it
learns; the constraint itself is the kit `backends/rl/constraints`.
"""
