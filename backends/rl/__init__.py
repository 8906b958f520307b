"""Reinforcement learning: offline, unsupervised, by world models, and its theory; one folder a system or kit."""
