"""The recipe where a project file says nothing: one that is decent, not one that is best."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from kilter.models.catalogue import resolve
from kilter.values.recipe import Recipe
from kilter.values.task import Form

if TYPE_CHECKING:
    from kilter.values.inputs import Inputs
    from kilter.values.recipe import ModelChoice

Sections = dict[str, dict[str, Any]]
"""Sections of a recipe, as a project file would say them."""

_DEFAULT_KINDS: Final = MappingProxyType({"optimizer": Recipe().optimizer.name, "schedule": Recipe().schedule.name})


def default_sections(choice: ModelChoice, inputs: Inputs, rows: int, form: Form = Form.ROW) -> Sections:
    """Sections of a recipe for a model over these inputs, as a project file would say them.

    Lengths are in epochs and shrink as the rows grow, so that small sets are not underfitted and large ones end in
    minutes; early stopping takes the best evaluation anyway.

    Args:
        choice: the model, possibly `auto`.
        inputs: the sizes of the inputs.
        rows: of the training split.
        form: what the model answers.
    """
    if ":" in choice.name:
        return {}
    return SECTIONS.get(resolve(choice, inputs, form).name, _texts)(inputs, rows)


def default_recipe(
    choice: ModelChoice,
    inputs: Inputs,
    rows: int,
    given: dict[str, Any],
    *,
    evaluated: bool = True,
    form: Form = Form.ROW,
) -> Recipe:
    """The whole recipe: what is given, and for all else the default of the model over these inputs.

    Args:
        choice: the model, possibly `auto`.
        inputs: the sizes of the inputs.
        rows: of the training split.
        given: sections and what was said in them.
        evaluated: whether there is a validation split; without one no default stops early, since nothing could.
        form: what the model answers.

    Raises:
        RecipeError: what is given is not legal.
    """
    sections = default_sections(choice, inputs, rows, form)
    merged = {name: dict(values) for name, values in sections.items() if evaluated or name != "stop"}
    for name, values in given.items():
        kind = values if isinstance(values, str) else values.get("name")
        if kind is not None and kind != _DEFAULT_KINDS.get(name, kind):
            merged[name] = {}  # another optimizer or schedule has defaults of its own
        either = {"size", "tokens"} & set(values) if name == "batch" else set()
        kept = {key: value for key, value in merged.get(name, {}).items() if not (either and key in {"size", "tokens"})}
        merged[name] = {**kept, **({"name": values} if isinstance(values, str) else values)}
    merged["model"] = resolve(choice, inputs, form).model_dump(mode="json")
    return Recipe.read(merged)


def _mlp(inputs: Inputs, rows: int) -> Sections:
    del inputs
    return {
        "batch": {"size": 64 if rows < 5_000 else 256},
        "optimizer": {"learning_rate": 1e-3, "weight_decay": 0.05},
        "train": {"length": f"{_epochs(rows, 60)}ep"},
        "stop": {"patience": 12},
    }


def _fttransformer(inputs: Inputs, rows: int) -> Sections:
    """Shorter than an MLP's, since an epoch takes some ten times as long."""
    del inputs
    return {
        "batch": {"size": 64 if rows < 5_000 else 128},
        "optimizer": {"learning_rate": 1e-3, "weight_decay": 0.01},
        "train": {"length": f"{min(60, max(8, round(250_000 / max(1, rows))))}ep"},
        "stop": {"patience": 8},
    }


def _cnn(inputs: Inputs, rows: int) -> Sections:
    """Pictures of things look alike mirrored and moved by a tenth; figures and letters, mostly grey, only moved."""
    channels, height, width = inputs.image or (1, 1, 1)
    colours, shift = channels > 1, round(0.1 * min(height, width))
    return {
        "batch": {"size": 64},
        "optimizer": {"learning_rate": 3e-3, "weight_decay": 0.05},
        "augment": {"shift": shift, "flip": colours},
        "train": {"length": f"{min(20 if colours else 12, max(8, round(100_000 / max(1, rows))))}ep"},
        "stop": {"patience": 5},
    }


def _bag(inputs: Inputs, rows: int) -> Sections:
    """What `auto` takes for one text, over words and two words in a row, however rare (`PreprocessingSettings.suited`).

    Test accuracy beside that of the convolutional network over words: trec6 .888 and .896, sst2 .821 and .809,
    banking77 .911 and .910, tweet_emotion .714 and .704, in 6 to 40 seconds and in 20 to 250. Character n-grams beside
    the words give .860 on trec6; spelling words out for the network .793 on sst2 and .723 on tweet_emotion.
    """
    del inputs
    return {
        "batch": {"size": 64},
        "optimizer": {"learning_rate": 1e-2},
        "train": {"length": f"{_epochs(rows, 20)}ep"},
        "stop": {"patience": 4},
    }


def _pairs(inputs: Inputs, rows: int) -> Sections:
    """A third of the rate of other networks of texts.

    Test accuracy beside that of the linear model with overlap features: sick .818 and .806, boolq_small .632 and .632;
    without the votes of single tokens .830 and, at best, .626.
    """
    return {**_texts(inputs, rows), "optimizer": {"learning_rate": 1e-3, "weight_decay": 0.05}}


def _texts(inputs: Inputs, rows: int) -> Sections:
    return {
        "batch": {"tokens": max(1024, 2 * inputs.longest)},
        "optimizer": {"learning_rate": 3e-3, "weight_decay": 0.05},
        "train": {"length": f"{_epochs(rows, 12)}ep"},
        "stop": {"patience": 4},
    }


def _language(inputs: Inputs, rows: int) -> Sections:
    """Small batches at a high rate: steps teach more than tokens do.

    On tinyshakespeare, two epochs of 8 rows a step at 0.004 end at 1.87 nats a character (dev.txt), at 0.01 at 1.72.
    """
    tokens = max(1, rows * inputs.longest)  # at most
    return {
        "batch": {"tokens": 8 * inputs.longest},
        "optimizer": {"learning_rate": 1e-2},
        "train": {"length": f"{min(60, max(1, round(8_000_000 / tokens)))}ep"},
        "stop": {"patience": 3},
    }


def _language_transformer(inputs: Inputs, rows: int) -> Sections:
    """As the recurrent ones, at the rate of transformers, which the one of an LSTM would upset."""
    return {**_language(inputs, rows), "optimizer": {"learning_rate": 2e-3, "weight_decay": 0.05}}


def _tagger(inputs: Inputs, rows: int) -> Sections:
    return {
        "batch": {"tokens": max(256, 2 * inputs.longest)},  # some 30 sentences: tokens are many examples in one
        "optimizer": {"learning_rate": 3e-3, "weight_decay": 0.05},
        "train": {"length": f"{_epochs(rows, 12)}ep"},
        # where few tokens lie in spans, the loss turns worse long before spans are found
        "stop": {"metric": "valid.span_f1", "mode": "max", "patience": 5},
    }


SECTIONS: Final[Mapping[str, Callable[[Inputs, int], Sections]]] = MappingProxyType(
    {
        "bag": _bag,
        "cnn": _cnn,
        "fttransformer": _fttransformer,
        "lm-gru": _language,
        "lm-lstm": _language,
        "lm-transformer": _language_transformer,
        "mlp": _mlp,
        "pairs": _pairs,
        "tagger": _tagger,
    }
)
"""What a model's sections follow from: the sizes of the inputs and the training rows. The others share `_texts`."""


def _epochs(rows: int, most: int) -> int:
    return min(most, max(8, round(400_000 / max(1, rows))))
