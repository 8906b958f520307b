"""EfficientTrain and EfficientTrain++: training that shows the easy part of every picture first.

`frequency.py` cuts pictures down to their low frequencies, `curriculum.py` says when how much is shown,
`batches.py` makes the batches, `replay.py` shows some pictures again, `position_embeddings.py` lets a vision
transformer follow.
"""
