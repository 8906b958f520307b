"""Scores of many runs, told with their uncertainty, after "Deep RL at the Edge of the Statistical Precipice".

`aggregates.py` has the interquartile mean, the optimality gap and their kin, `bootstrap.py` their stratified
intervals, `curves.py` draws scores over steps.
"""
