"""ViT^3: a vision transformer whose mixer trains a small inner model on every picture that it sees."""
