"""Which transitions a batch is drawn from: uniformly, or by priorities that are fixed before training.

`index_stream.py` draws, `priorities.py` holds weights and how they are standardised, `returns.py` weighs by
the episode's return (ReD, OPER-R), `advantages.py` by iterated advantages (OPER-A).
"""
