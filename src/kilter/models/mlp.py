"""A multilayer perceptron over numbers and categories, or over pixels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from kilter.models.activations import Activation, make_activation, widening
from kilter.models.arguments import Count, Share, Whole
from kilter.models.columns import Columns
from kilter.models.normalisation import Normalisation, make_norm

if TYPE_CHECKING:
    from kilter.values.inputs import Inputs


class Mlp(nn.Module):
    """Layers of linear, activation and dropout; images are taken pixel by pixel.

    With `residual`, each layer after the first is a block that adds to what it was given: norm, linear, activation,
    dropout, linear (Gorishniy et al. 2021, Revisiting deep learning models for tabular data, section 3.2).

    Args:
        inputs: sizes of numbers, categories and image.
        outputs: entries of an answer.
        width: of the hidden layers.
        depth: hidden layers; 0 is a linear model.
        activation: between them.
        dropout: share of hidden entries that training leaves out.
        residual: whether layers after the first add to what they were given.
        normalisation: in residual layers, `layer`, `rms` or `none`.
        embedding: width of a category's embedding.
    """

    def __init__(
        self,
        inputs: Inputs,
        outputs: int,
        *,
        width: Count = 256,
        depth: Whole = 3,
        activation: Activation = "relu",
        dropout: Share = 0.1,
        residual: bool = False,
        normalisation: Normalisation = "layer",
        embedding: Count = 8,
    ) -> None:
        super().__init__()
        self.columns = Columns(inputs, embedding=embedding)
        size = self.columns.width + (math.prod(inputs.image) if inputs.image else 0)
        layers: list[nn.Module] = []
        for number in range(depth):
            if residual and number:
                layers.append(Residual(width, activation, dropout, normalisation))
            else:
                wide = width * widening(activation)
                layers += [nn.Linear(size, wide), make_activation(activation), nn.Dropout(dropout)]
                size = width
        self.hidden = nn.Sequential(*layers)
        self.output = nn.Linear(size, outputs)

    def forward(
        self, numbers: Tensor | None = None, categories: Tensor | None = None, image: Tensor | None = None
    ) -> Tensor:
        """Numbers (b, n), categories (b, c) and image (b, channels, height, width) as answers (b, outputs)."""
        if image is None:
            features = self.columns(numbers, categories)
        else:
            features = self.columns.beside(image.flatten(1), numbers, categories)
        answers: Tensor = self.output(self.hidden(features))
        return answers


class Residual(nn.Module):
    """A block that adds to what it was given, so that gradients pass it unchanged."""

    def __init__(
        self, width: int, activation: Activation, dropout: float, normalisation: Normalisation = "layer"
    ) -> None:
        super().__init__()
        self.block = nn.Sequential(
            make_norm(normalisation, width),
            nn.Linear(width, 2 * width * widening(activation)),
            make_activation(activation),
            nn.Dropout(dropout),
            nn.Linear(2 * width, width),
            nn.Dropout(dropout),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Features (b, width) and what is added to them."""
        return torch.add(features, self.block(features))
