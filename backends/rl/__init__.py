"""Reinforcement learning: offline, unsupervised, world models, theory; a folder for each system or kit."""
