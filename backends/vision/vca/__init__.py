"""VCA, the linear differential vision transformer: attention through a few tokens that stand for and against.

The mixer is `backends/vision/mixers/vca.py`; here are its hosts by preset, a world of odd ones out, and jobs.
"""
