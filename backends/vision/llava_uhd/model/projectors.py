"""Compressors without queries: LLaVA-1.5's MLP of every patch, LLaVA-UHD v4's of every 2 x 2 patches."""

from torch import Tensor, nn
from torch.nn import functional

from backends.vision.llava_uhd.model.early_merger import window_rows
from backends.vision.llava_uhd.model.feature_maps import FeatureMaps


class MlpProjector(nn.Module):
    """One token for each patch."""

    def __init__(self, feature_width: int, width: int) -> None:
        super().__init__()
        self.up = nn.Linear(feature_width, width)
        self.down = nn.Linear(width, width)

    def forward(self, maps: FeatureMaps) -> tuple[Tensor, ...]:
        tokens_TD = self.down(functional.gelu(self.up(maps.features_TD)))
        return FeatureMaps(tokens_TD, maps.grids).split()


class UnshuffleProjector(nn.Module):
    """One token for each window of 2 x 2 patches, whose features lie side by side in the MLP's input."""

    def __init__(self, feature_width: int, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * feature_width, eps=1e-6)
        self.up = nn.Linear(4 * feature_width, 4 * feature_width)
        self.down = nn.Linear(4 * feature_width, width)

    def forward(self, maps: FeatureMaps) -> tuple[Tensor, ...]:
        """Raises `ModelError` for a map with an odd number of columns or rows."""
        windows_W4D = maps.features_TD[window_rows(maps.grids).to(maps.features_TD.device)]
        tokens_WD = self.down(functional.gelu(self.up(self.norm(windows_W4D.flatten(1)))))
        halved = tuple((columns // 2, rows // 2) for columns, rows in maps.grids)
        return FeatureMaps(tokens_WD, halved).split()
