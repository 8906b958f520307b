"""FLatten: backbones with focused linear attention, whose cost grows with tokens, not their square."""
