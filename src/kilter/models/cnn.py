"""A small convolutional network over images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from kilter.models.arguments import Count, Share
from kilter.models.columns import Columns
from kilter.models.normalisation import MapNormalisation, make_map_norm

if TYPE_CHECKING:
    from kilter.values.inputs import Inputs

LARGEST_MAP = 4
"""Pixels a side of the last map; larger ones are averaged down to it, so that the last layer stays small."""


class Cnn(nn.Module):
    """Stages of convolution, norm, pooling and activation; each halves the image.

    With `residual`, each stage ends in a block of two convolutions that adds to what it was given (He et al. 2016,
    Deep residual learning for image recognition, section 3.2), at the halved size, where it costs least.

    Args:
        inputs: sizes of image, and of numbers and categories beside it.
        outputs: entries of an answer.
        widths: channels of each stage; stages that would halve a single pixel only convolve.
        kernel: pixels a side of a convolution, an odd number.
        residual: whether each stage ends in a residual block.
        normalisation: `group`, which makes no example depend on the others of its batch, `batch` or `none`.
        dropout: share of the features that training leaves out.
    """

    def __init__(
        self,
        inputs: Inputs,
        outputs: int,
        *,
        widths: tuple[Count, ...] = (32, 64, 128),
        kernel: Count = 3,
        residual: bool = True,
        normalisation: MapNormalisation = "group",
        dropout: Share = 0.2,
    ) -> None:
        super().__init__()
        if inputs.image is None:
            message = "there is no image among the inputs; choose a model that reads what there is"
            raise ValueError(message)
        if kernel % 2 == 0 or not widths:
            message = f"kernel = {kernel}, widths = {widths}: an odd kernel and one width or more are legal"
            raise ValueError(message)
        channels, height, width = inputs.image
        stages: list[nn.Module] = []
        for wider in widths:
            stages += [_convolution(channels, wider, kernel, normalisation), make_map_norm(normalisation, wider)]
            if min(height, width) > 1:  # what is left out at odd sizes is the last row and column
                stages.append(nn.MaxPool2d(2))
                height, width = height // 2, width // 2
            stages.append(nn.ReLU())
            if residual:
                stages.append(ResidualMaps(wider, kernel, normalisation))
            channels = wider
        side = min(height, width, LARGEST_MAP)
        if (height, width) != (side, side):
            stages.append(nn.AdaptiveAvgPool2d(side))
        self.stages = nn.Sequential(*stages, nn.Flatten(), nn.Dropout(dropout))
        self.columns = Columns(inputs)
        self.output = nn.Linear(channels * side * side + self.columns.width, outputs)

    def forward(self, image: Tensor, numbers: Tensor | None = None, categories: Tensor | None = None) -> Tensor:
        """Image (b, channels, height, width), with numbers and categories, as answers (b, outputs)."""
        answers: Tensor = self.output(self.columns.beside(self.stages(image), numbers, categories))
        return answers


class ResidualMaps(nn.Module):
    """Two convolutions with their norms that add to the maps they were given, then the activation."""

    def __init__(self, channels: int, kernel: int, normalisation: MapNormalisation) -> None:
        super().__init__()
        self.block = nn.Sequential(
            _convolution(channels, channels, kernel, normalisation),
            make_map_norm(normalisation, channels),
            nn.ReLU(),
            _convolution(channels, channels, kernel, normalisation),
            make_map_norm(normalisation, channels),
        )
        self.activation = nn.ReLU()

    def forward(self, maps: Tensor) -> Tensor:
        """Maps (b, channels, height, width) and what is added to them."""
        summed: Tensor = self.activation(maps + self.block(maps))
        return summed


def _convolution(channels: int, wider: int, kernel: int, normalisation: MapNormalisation) -> nn.Conv2d:
    return nn.Conv2d(channels, wider, kernel, padding=kernel // 2, bias=normalisation == "none")
