"""One seed for every random stream that a job may use without naming it."""

import random
import sys


def seed_everything(seed: int) -> None:
    """Seed Python, and numpy and torch if they are loaded: a job that needs neither does not wait for them.

    A job's module imports what it uses at its top, so the streams are there before this is called.
    """
    random.seed(seed)
    if "numpy" in sys.modules:
        import numpy as np

        np.random.seed(seed % 2**32)
    if "torch" in sys.modules:
        import torch

        torch.manual_seed(seed)
