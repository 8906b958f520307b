"""A stack of sublayers joined by a topology."""

from collections.abc import Iterator, Sequence

from torch import Tensor, nn

from backends.vision.siamese_norm.topology import State, Topology


class Stack(nn.Module):
    """Sublayers without norms, in order, and the topology that joins them."""

    def __init__(self, sublayers: Sequence[nn.Module], topology: Topology) -> None:
        super().__init__()
        self.sublayers = nn.ModuleList(sublayers)
        self.topology = topology

    def forward(self, h_BND: Tensor) -> Tensor:
        state = self.topology.init(h_BND)
        for index, sublayer in enumerate(self.sublayers):
            state = self.topology.step(index, sublayer, state)
        return self.topology.readout(state)

    def states(self, h_BND: Tensor) -> Iterator[State]:
        """The streams before the first sublayer and after each, for those who measure them."""
        state = self.topology.init(h_BND)
        yield state
        for index, sublayer in enumerate(self.sublayers):
            state = self.topology.step(index, sublayer, state)
            yield state
