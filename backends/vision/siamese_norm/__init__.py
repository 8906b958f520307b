"""SiameseNorm: two residual streams, one normalised and one not, that share every sublayer of a deep network.

`topology.py` holds the ways to join sublayers (ours and the ones it is compared with), `stack.py` runs them;
`language_model.py`, `vision_transformer.py` and `diffusion_transformer.py` are the networks around it.
"""
