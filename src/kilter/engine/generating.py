"""Writing texts with a model that says how likely each next token is: greedily, by beam search, or by drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple, final

import numpy as np
import torch
from torch import Tensor

from kilter.engine.forwarding import forward
from kilter.engine.predicting import evaluating
from kilter.values.batch import Batch
from kilter.values.errors import UsageError
from kilter.values.task import Form

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from kilter.values.pipeline import Pipeline
    from kilter.values.predictions import Predictions
    from kilter.values.source import Source

BEGIN: Final = 2  # the marks of kilter's vocabularies
END: Final = 3
UNSAYABLE: Final = (0, 1, 2, 4)  # padding, unknown, begin, between: a text holds none of them


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How texts are written.

    Attributes:
        longest: tokens of a text at most.
        beams: texts that are followed side by side; 1 takes the likeliest token each time.
        length_power: a text's log-probability is divided by its length to this power before texts are compared (Wu et
            al. 2016, Google's neural machine translation system, section 7, in its simple form); 0 favours short ones.
        temperature: None takes the likeliest; a number draws tokens from softmax(logits / temperature).
        seed: of the draws.
        window: tokens of a growing text that the model is shown, its last ones; None shows all.
    """

    longest: int = 200
    beams: int = 1
    length_power: float = 1.0
    temperature: float | None = None
    seed: int = 0
    window: int | None = None

    def __post_init__(self) -> None:
        faults = [
            f"{name} = {value}: {legal}"
            for name, value, fits, legal in (
                ("longest", self.longest, self.longest >= 1, "1 or more is legal"),
                ("beams", self.beams, self.beams >= 1, "1 or more is legal"),
                ("length_power", self.length_power, self.length_power >= 0, "0 or more is legal"),
                ("temperature", self.temperature, (self.temperature or 1) > 0, "more than 0 is legal, or None"),
                ("window", self.window, (self.window or 1) >= 1, "1 or more is legal, or None"),
            )
            if not fits
        ]
        if self.temperature is not None and self.beams > 1:
            faults.append("beams and a temperature: a search follows the likeliest texts, a draw none; leave one out")
        if faults:
            raise UsageError("; ".join(faults))


class Written(NamedTuple):
    """A text that a model wrote.

    Attributes:
        ids: its tokens, those that were given and the END mark left out.
        log_probability: of these tokens, END included where it came; of the model's own distribution.
        ended: whether END came before the text was as long as it may be.
    """

    ids: tuple[int, ...]
    log_probability: float
    ended: bool


def generate(pipeline: Pipeline, model: nn.Module, batch: Batch, manner: Manner | None = None) -> tuple[Written, ...]:
    """One text for each example of a batch, which must lie on the model's device.

    Of a language model (form NEXT), `tokens` are what is continued, BEGIN first. Of an encoder-decoder (form TEXT), the
    inputs are what is answered; `answers` are not looked at.

    Raises:
        UsageError: the task is of another form.
    """
    manner = manner or Manner()
    with evaluating(model):
        if manner.temperature is not None:
            return _drawn(_Asked(pipeline, model, batch, manner.window), manner)
        return _searched(_Asked(pipeline, model, batch, manner.window), manner)


def retold(
    pipeline: Pipeline,
    model: nn.Module,
    source: Source,
    predictions: Predictions,
    *,
    device: str = "cpu",
    manner: Manner | None = None,
) -> Predictions:
    """Predictions of a split with what the model writes by itself as what was decided, each with END where it came.

    Where no text is asked for (any form but TEXT) they are returned as they are.

    Args:
        pipeline: of the model.
        model: on the device.
        source: the split.
        predictions: of the split, in its order, the true text before each token having been given.
        device: where the model is.
        manner: of writing; None writes greedily, up to half as long again as the longest training text.
    """
    if pipeline.task.form is not Form.TEXT:
        return predictions
    known = pipeline.splits.get("train", source).targets
    manner = manner or Manner(longest=max(8, 3 * max(map(len, known), default=0) // 2))
    decided = np.empty(len(source), dtype=object)
    for rows in source.sweep():
        written = generate(pipeline, model, source.plain(rows).to(device), manner)
        for row, text in zip(rows, written, strict=True):
            decided[row] = np.array([*text.ids, *[END] * text.ended], dtype=np.int64)
    return replace(predictions, decided=decided)


@final
class _Asked:
    """A model, asked for what follows texts."""

    __slots__ = ("_batch", "_model", "_pipeline", "_window", "given")

    def __init__(self, pipeline: Pipeline, model: nn.Module, batch: Batch, window: int | None) -> None:
        form = pipeline.task.form
        if form not in {Form.NEXT, Form.TEXT}:
            raise UsageError(
                f"a {pipeline.task.name} task writes no text", legal="generation does", remedy="call `predict` instead"
            )
        if form is Form.NEXT:
            tokens, mask = batch.inputs["tokens"], batch.inputs["mask"].bool()
            self.given = [row[seen].tolist() or [BEGIN] for row, seen in zip(tokens, mask, strict=True)]
        else:
            self.given = [[BEGIN]] * len(batch)
        self._pipeline, self._model, self._batch, self._window = pipeline, model, batch, window

    def logits(self, examples: Sequence[int], texts: Sequence[Sequence[int]]) -> Tensor:
        """What follows each text (n,) of its example: (n, k) float64 on the CPU."""
        rows = [[*self.given[example], *text] for example, text in zip(examples, texts, strict=True)]
        if self._window is not None:
            rows = [row[-self._window :] for row in rows]
        device = self._batch.weight.device
        lengths = torch.tensor([len(row) for row in rows], device=device)
        tokens = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.int64)
        for place, row in enumerate(rows):
            tokens[place, : len(row)] = torch.tensor(row)
        tokens = tokens.to(device)
        mask = torch.arange(tokens.shape[1], device=device) < lengths.unsqueeze(1)
        index = torch.tensor(examples, device=device)
        names = ("tokens", "mask") if self._pipeline.task.form is Form.NEXT else ("answers", "answers_mask")
        inputs = {
            name: tensor.index_select(0, index) for name, tensor in self._batch.inputs.items() if name not in names
        }
        asked = Batch(
            inputs={**inputs, names[0]: tokens, names[1]: mask},
            target=None,
            weight=self._batch.weight.index_select(0, index),
            ids=tuple(self._batch.ids[example] for example in examples),
        )
        outputs = forward(self._pipeline, self._model, asked)
        if not isinstance(outputs, Tensor):
            raise UsageError(f"the model returned a {type(outputs).__name__}", legal="(b, t, k) logits are legal")
        return outputs[torch.arange(len(rows), device=device), lengths - 1].double().cpu()


def _sayable(logits: Tensor) -> Tensor:
    """The same, with those of marks that no text holds at minus infinity."""
    return logits.index_fill(1, torch.tensor(UNSAYABLE), -torch.inf)


class _Text(NamedTuple):
    ids: tuple[int, ...]
    log_probability: float


def _searched(asked: _Asked, manner: Manner) -> tuple[Written, ...]:
    """Beam search (Graves 2012, Sequence transduction with recurrent neural networks, algorithm 1, by steps).

    Each text that ends leaves the beam one narrower, so that a beam of 1 is greedy.
    """
    live: list[list[_Text]] = [[_Text((), 0.0)] for _ in asked.given]
    done: list[list[Written]] = [[] for _ in asked.given]
    for _ in range(manner.longest):
        pairs = [(example, text) for example, texts in enumerate(live) for text in texts]
        if not pairs:
            break
        logits = asked.logits([example for example, _ in pairs], [text.ids for _, text in pairs])
        ahead = _sayable(torch.log_softmax(logits, dim=1)).numpy()
        start = 0
        for example, texts in enumerate(live):
            rows = ahead[start : start + len(texts)]
            start += len(texts)
            live[example], ended = _widened(texts, rows, manner.beams - len(done[example]))
            done[example] += ended
    return tuple(
        max(
            [*ended, *(Written(text.ids, text.log_probability, ended=False) for text in texts)],
            key=lambda text: text.log_probability / (len(text.ids) + text.ended) ** manner.length_power,
        )
        for ended, texts in zip(done, live, strict=True)
    )


def _widened(texts: Sequence[_Text], ahead: NDArray[np.float64], room: int) -> tuple[list[_Text], list[Written]]:
    """The likeliest `room` texts that are one token longer, and which of them have ended."""
    if not texts:
        return [], []
    total = ahead + np.array([[text.log_probability] for text in texts])
    best = np.argsort(-total, axis=None, kind="stable")[:room]
    longer: list[_Text] = []
    ended: list[Written] = []
    for place in best.tolist():
        text, token = divmod(place, ahead.shape[1])
        sum_so_far = float(total[text, token])
        if not np.isfinite(sum_so_far):
            break
        if token == END:
            ended.append(Written(texts[text].ids, sum_so_far, ended=True))
        else:
            longer.append(_Text((*texts[text].ids, token), sum_so_far))
    return longer, ended


def _drawn(asked: _Asked, manner: Manner) -> tuple[Written, ...]:
    """Each text drawn token by token from random numbers of its own, whoever else stands in the batch."""
    draws = [np.random.default_rng([manner.seed, example]) for example in range(len(asked.given))]
    texts: list[Written] = [Written((), 0.0, ended=False) for _ in asked.given]
    for _ in range(manner.longest):
        live = [example for example, text in enumerate(texts) if not text.ended]
        if not live:
            break
        logits = asked.logits(live, [texts[example].ids for example in live])
        ahead = torch.log_softmax(logits, dim=1).numpy()
        shares = torch.softmax(_sayable(logits) / (manner.temperature or 1.0), dim=1).numpy()
        for place, example in enumerate(live):
            token = int(
                np.searchsorted(np.cumsum(shares[place]), draws[example].random() * shares[place].sum(), "right")
            )
            token = min(token, len(shares[place]) - 1)
            ids, so_far, _ = texts[example]
            kept = ids if token == END else (*ids, token)
            texts[example] = Written(kept, so_far + float(ahead[place, token]), ended=token == END)
    return tuple(texts)
