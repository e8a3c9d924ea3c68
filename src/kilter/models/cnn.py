"""A small convolutional network over images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from torch import Tensor, nn

from kilter.models.columns import Columns

if TYPE_CHECKING:
    from kilter.values.inputs import Inputs

LARGEST_MAP = 4
"""Pixels a side of the last map; larger ones are averaged down to it, so that the last layer stays small."""


class Cnn(nn.Module):
    """Stages of convolution, norm, pooling and activation; each halves the image.

    Norm over groups of channels is the default since, unlike batch norm, it makes no example depend on the others
    of its batch (Wu and He 2018, Group normalization).

    Args:
        inputs: sizes of image, and of numbers and categories beside it.
        outputs: entries of an answer.
        widths: channels of each stage; stages that would halve a single pixel only convolve.
        kernel: pixels a side of a convolution, an odd number.
        norm: `group`, `batch` or `none`.
        dropout: share of the features that training leaves out.
    """

    def __init__(
        self,
        inputs: Inputs,
        outputs: int,
        *,
        widths: tuple[int, ...] = (16, 32, 64),
        kernel: int = 3,
        norm: Literal["group", "batch", "none"] = "group",
        dropout: float = 0.2,
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
            stages.append(nn.Conv2d(channels, wider, kernel, padding=kernel // 2, bias=norm == "none"))
            stages += _norms(norm, wider)
            if min(height, width) > 1:  # what is left out at odd sizes is the last row and column
                stages.append(nn.MaxPool2d(2))
                height, width = height // 2, width // 2
            stages.append(nn.ReLU())
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


def _norms(norm: str, channels: int) -> list[nn.Module]:
    if norm == "batch":
        return [nn.BatchNorm2d(channels)]
    if norm == "none":
        return []
    groups = next(groups for groups in (8, 4, 2, 1) if channels % groups == 0)
    return [nn.GroupNorm(groups, channels)]
