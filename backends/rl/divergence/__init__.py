"""Whether a critic excites itself: will its values diverge, how fast, when do they crash (SEEM, 2023).

`self_excitation.py` measures the largest eigenvalue of the paper's kernel matrix for any critic,
`forecast.py` reads the step of the crash off the measured values.
"""
