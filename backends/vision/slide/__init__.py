"""Slide-Transformer: backbones whose early stages attend to neighbours only, by shifts that are learned."""
