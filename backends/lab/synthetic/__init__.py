"""Seeded worlds that need no download, for proofs on any machine: the same seed gives the same world."""
