"""Text as bytes, and the windows of it that a language model is trained and judged on."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from backends.lab.batches import Batch, generator_for
from backends.lab.errors import LabError

BUNDLED = "bundled"
TEST_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Corpus:
    """A text as byte numbers; the last tenth is for testing."""

    train: Tensor
    test: Tensor

    def unigram_loss(self) -> float:
        """Nats a byte of the test text by how often each byte is in the training text, without context."""
        counts = torch.bincount(self.train.long(), minlength=256).double() + 1
        return float(-(counts / counts.sum()).log()[self.test.long()].mean())


def open_corpus(name: str, context: int) -> Corpus:
    """Read a text file, or the language reference that comes with Python (`bundled`).

    Raises:
        LabError: There is no such file, or it is too short for windows of this length.
    """
    if name == BUNDLED:
        from pydoc_data.topics import topics

        raw = "\n\n".join(topics[key] for key in sorted(topics)).encode()
    else:
        path = Path(name)
        if not path.is_file():
            raise LabError(f"There is no text file {name!r}; give one, or {BUNDLED}.")
        raw = path.read_bytes()
    text = torch.from_numpy(np.frombuffer(raw, dtype=np.uint8).copy())
    num_test = round(TEST_SHARE * len(text))
    if num_test <= context:
        raise LabError(f"{name} has {len(text)} bytes; windows of {context} need {context * 11} at least.")
    return Corpus(text[:-num_test], text[-num_test:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Batches of random windows of the training text, each one byte longer than what the model reads."""

    text: Tensor
    context: int
    batch_size: int
    num_batches: int
    seed: int

    def __len__(self) -> int:
        return self.num_batches

    def __getitem__(self, number: int) -> Batch:
        chance = generator_for(self.seed, number)
        starts = torch.randint(len(self.text) - self.context, (self.batch_size, 1), generator=chance)
        return {"tokens": self.text[starts + torch.arange(self.context + 1)].long()}


def even_windows(corpus: Corpus, context: int, count: int) -> Tensor:
    """Windows spread evenly over the test text, the same for every model."""
    starts = torch.linspace(0, len(corpus.test) - context - 1, count).long()[:, None]
    return corpus.test[starts + torch.arange(context + 1)].long()
