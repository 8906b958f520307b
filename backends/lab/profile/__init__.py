"""What a model costs: `cost.py` counts, `latency.py` times, `scaling.py` follows both over sizes.

One MAC is one multiply and add; torch's counter counts it as two operations.
"""
