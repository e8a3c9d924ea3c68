"""What an example is at each point of its way: as it was read, as tensors, in each layer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from kilter.data.vocabulary import BEGIN, BETWEEN, END, PADDING, RESERVED, UNKNOWN
from kilter.values.walkthrough import Passage

if TYPE_CHECKING:
    from torch import Tensor, nn

    from kilter.data.preprocessing import Preprocessing
    from kilter.engine.tracing import Layer
    from kilter.values.batch import Batch, Example
    from kilter.values.task import Outputs

MOST_PLACES: Final = 40  # rows of a table of tokens
MOST_COLUMNS: Final = 40  # rows of a table of columns
MARKS: Final[Mapping[int, str]] = {
    PADDING: "(padding)",
    UNKNOWN: "(unknown)",
    BEGIN: "(begin)",
    END: "(end)",
    BETWEEN: "(between)",
}


def as_read(example: Example) -> Passage:
    """The cells of the row, as the file has them."""
    rows = [(name, "input", cell(value)) for name, value in example.inputs.items()]
    if example.target is not None:
        rows.append(("", "target", cell(example.target)))
    weight = "" if example.weight == 1 else f" It counts {example.weight:g} times."
    return Passage(
        title="As it was read",
        said=f"The row as the file has it.{weight}",
        columns=("column", "is", "value"),
        rows=tuple(rows[:MOST_COLUMNS]),
        quoting=(2,),
    )


def as_tensors(batch: Batch, example: Example, preprocessing: Preprocessing | None) -> Iterator[Passage]:
    """Its inputs as the model is given them, each kind in a table that leads back to the cells."""
    inputs = batch.inputs
    if "tokens" in inputs:
        yield _tokens(batch, preprocessing)
    if "answers" in inputs:
        yield _answers(batch, preprocessing)
    if "numbers" in inputs:
        yield _numbers(inputs["numbers"][0], example, preprocessing)
    if "categories" in inputs:
        yield _categories(inputs["categories"][0], example, preprocessing)
    if "image" in inputs:
        yield _image(inputs["image"][0], example, preprocessing)


def as_batch(batch: Batch, rows: int) -> Passage:
    """The shapes of the tensors of a training batch."""
    tensors = {**batch.inputs, **({} if batch.target is None else {"target": batch.target}), "weight": batch.weight}
    return Passage(
        title="In a batch",
        said=f"The first training batch holds {len(batch)} of {rows:,} rows; sequences are padded to its longest.",
        columns=("tensor", "shape", "type"),
        rows=tuple(
            (name, shape_of(tensor.shape), str(tensor.dtype).removeprefix("torch.")) for name, tensor in tensors.items()
        ),
    )


def through_layers(layers: Sequence[Layer], outputs: Outputs) -> Passage:
    """The shape after each layer, in the order in which they are called."""
    rows = [
        (
            layer.name or "(the model)",
            f"{layer.kind} × {layer.times}" if layer.times > 1 else layer.kind,
            ", ".join(map(shape_of, layer.shapes)) or "no tensor",
            f"{layer.parameters:,}",
        )
        for layer in layers
    ]
    heads = {} if isinstance(outputs, torch.Tensor) else dict(outputs)
    rows += [(name, "what the model returns", shape_of(tensor.shape), "") for name, tensor in heads.items()]
    return Passage(
        title="Through the layers",
        said="The shape after each layer, in the order in which they return, in evaluation mode; the first dimension "
        "is the example.",
        columns=("layer", "kind", "shape after it", "parameters"),
        rows=tuple(rows),
        numeric=(3,),
    )


def parameter_table(model: nn.Module) -> Passage:
    """Every parameter of the model with its shape, and their sum."""
    named = list(model.named_parameters())
    total = sum(parameter.numel() for _, parameter in named)
    trained = sum(parameter.numel() for _, parameter in named if parameter.requires_grad)
    size = sum(parameter.numel() * parameter.element_size() for _, parameter in named)
    return Passage(
        title="The parameters",
        said=f"{total:,} numbers in {len(named)} parameters, {trained:,} of them trainable; {_bytes(size)}.",
        columns=("parameter", "shape", "numbers", "trainable"),
        rows=tuple(
            (name, shape_of(parameter.shape), f"{parameter.numel():,}", "yes" if parameter.requires_grad else "no")
            for name, parameter in named
        ),
        numeric=(2,),
    )


def _tokens(batch: Batch, preprocessing: Preprocessing | None) -> Passage:
    names = [name for name in ("tokens", "mask", "segments") if name in batch.inputs]
    ids = batch.inputs["tokens"][0].tolist()
    letters = batch.inputs.get("characters")
    columns = ["place", "token", *("id" if name == "tokens" else name.rstrip("s") for name in names)]
    rows = []
    for place, number in enumerate(ids[:MOST_PLACES]):
        row = [str(place), token_of(number, preprocessing)]
        row += [_number(batch.inputs[name][0, place].item()) for name in names]
        if letters is not None:
            row.append(" ".join(str(letter) for letter in letters[0, place].tolist() if letter))
        rows.append(tuple(row))
    if letters is not None:
        columns.append("ids of its letters")
    known = sum(number >= RESERVED for number in ids)
    unknown = sum(number == UNKNOWN for number in ids)
    of = (
        f" of {len(preprocessing.vocabulary):,} that the vocabulary has"
        if preprocessing and preprocessing.vocabulary
        else ""
    )
    return Passage(
        title="Tokens and their ids",
        said=f"{len(ids)} tokens: {known} known ones{of}, {unknown} unknown, the rest marks.{cut_at(len(ids))}",
        columns=tuple(columns),
        rows=tuple(rows),
        numeric=(0, *range(2, 2 + len(names))),
        quoting=(1,),
    )


def _answers(batch: Batch, preprocessing: Preprocessing | None) -> Passage:
    ids = batch.inputs["answers"][0].tolist()
    return Passage(
        title="The target text as the model is given it",
        said=f"{len(ids)} tokens.{cut_at(len(ids))}",
        columns=("place", "token", "id"),
        rows=tuple(
            (str(place), token_of(number, preprocessing), str(number)) for place, number in enumerate(ids[:MOST_PLACES])
        ),
        numeric=(0, 2),
        quoting=(1,),
    )


def _numbers(given: Tensor, example: Example, preprocessing: Preprocessing | None) -> Passage:
    names: list[tuple[str, str, str]] = []
    for column in preprocessing.numbers if preprocessing else ():
        raw = cell(example.inputs.get(column.name))
        names.append((column.name, raw, "by its quantiles" if column.flat else "by mean and deviation"))
        if column.indicator:
            names.append((column.name, raw, "whether it is missing"))
    scaled = given.tolist()
    if len(names) != len(scaled):  # a pipeline of one's own
        names = [(str(place), "", "as it is given") for place in range(len(scaled))]
    return Passage(
        title="Numbers, raw and scaled",
        said=f"{len(scaled)} numbers are given to the model.{cut_at(len(scaled), MOST_COLUMNS)}",
        columns=("column", "raw", "how", "given"),
        rows=tuple((*name, f"{value:.4g}") for name, value in list(zip(names, scaled, strict=True))[:MOST_COLUMNS]),
        numeric=(1, 3),
    )


def _categories(given: Tensor, example: Example, preprocessing: Preprocessing | None) -> Passage:
    columns = preprocessing.categories if preprocessing else ()
    names = [(column.name, cell(example.inputs.get(column.name)), f"{column.size:,}") for column in columns]
    numbers = given.tolist()
    if len(names) != len(numbers):
        names = [(str(place), "", "") for place in range(len(numbers))]
    return Passage(
        title="Categories and their numbers",
        said="0 is missing, or a value that training did not have.",
        columns=("column", "raw", "values in all", "given"),
        rows=tuple((*name, str(number)) for name, number in list(zip(names, numbers, strict=True))[:MOST_COLUMNS]),
        numeric=(2, 3),
        quoting=(1,),
    )


def _image(given: Tensor, example: Example, preprocessing: Preprocessing | None) -> Passage:
    image = preprocessing.image if preprocessing else None
    raw = np.asarray(example.inputs[image.name]) if image is not None else np.zeros(0)
    rows = [
        (
            "given",
            shape_of(given.shape),
            *(f"{v:.4g}" for v in (given.min().item(), given.max().item(), given.mean().item())),
        )
    ]
    if raw.size:
        rows.insert(0, ("raw", shape_of(raw.shape), *(f"{v:.4g}" for v in (raw.min(), raw.max(), raw.mean()))))
    return Passage(
        title="The image",
        said="Channels come first; each has mean 0 and deviation 1 over the training images.",
        columns=("is", "shape", "lowest", "highest", "mean"),
        rows=tuple(rows),
        numeric=(2, 3, 4),
    )


def token_of(number: int, preprocessing: Preprocessing | None) -> str:
    """A token id in words; nothing where no vocabulary is known."""
    if number in MARKS:
        return MARKS[number]
    vocabulary = preprocessing.vocabulary if preprocessing else None
    return visible(vocabulary.entries[number - RESERVED]) if vocabulary and number < len(vocabulary) else ""


def visible(token: str) -> str:
    """A token as it is, white space as it is written in a program."""
    return repr(token) if token.isspace() else token


def cell(value: object) -> str:
    """A value of a row in words; of an image its shape and range."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "missing"
    if isinstance(value, np.ndarray) and value.ndim > 1:
        return f"{shape_of(value.shape)} {value.dtype}, from {value.min():.4g} to {value.max():.4g}"
    if isinstance(value, np.ndarray | list | tuple):
        return " ".join(cell(part) for part in value)
    return f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)


def _number(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def some_of(tensor: Tensor, most: int = 8) -> str:
    """The first numbers of a tensor."""
    numbers = tensor.reshape(-1)
    more = f", … ({numbers.numel()} in all)" if numbers.numel() > most else ""
    return ", ".join(f"{number:.4g}" for number in numbers[:most].tolist()) + more


def shape_of(shape: Sequence[int]) -> str:
    """A shape as it is written."""
    return f"({', '.join(map(str, shape))})"


def _bytes(size: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"


def cut_at(count: int, most: int = MOST_PLACES) -> str:
    """That a table does not hold all rows, where it does not."""
    return f" The first {most} of {count} stand here." if count > most else ""
