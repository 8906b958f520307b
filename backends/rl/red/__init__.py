"""ReD and DeReD: good episodes are drawn more often (2022), the forerunner of OPER.

The weights are those of OPER-R in the kit `backends/rl/samplers`; `two_stages.py` trains DeReD's second
stage, in which only the last layers learn from the rebalanced data.
"""
