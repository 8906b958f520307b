"""MOSS: one agent practises to be surprised and not to be, by turns, and its skill tells it which.

`mixture.py` is what MOSS adds to CIC, whose parts are the kit `backends/rl/skills`.
"""
