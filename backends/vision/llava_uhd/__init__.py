"""LLaVA-UHD (arXiv 2403.11703): pictures of any size and shape for a language model, without squashing.

Start at `planner.plan`, which says for a picture's size what will be encoded: the grid of slices, their
sizes in whole patches, the overview, tokens and boxes. `profiles` holds the rules it can follow, `metrics`
what a plan costs and keeps. All of it is arithmetic on sizes: no pixels, no torch.
"""
