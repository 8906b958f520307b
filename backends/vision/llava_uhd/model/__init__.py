"""LLaVA-UHD in PyTorch: from planned pieces to tokens that a language model reads.

`encoder` turns pieces of any shape into feature maps, `resampler` and its alternatives bring each map to a
few tokens, `schema` puts them in order, and `lmm` joins all with a language model. `checkpoints` reads CLIP,
SigLIP and LLaVA weights. Importing these modules imports torch; the planner beside this folder does not.
"""
