"""A person's validation over answers that were made up: perfect ones, wrong ones, right ones in some batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import torch

from kilter.checks.persons_code import persons_code
from kilter.checks.program.batches.given import given
from kilter.checks.program.predicted import main_output
from kilter.engine.seeding import left_as_found, seed_everything
from kilter.engine.trees import leaves, with_leaves
from kilter.values.program import Kind, OutputKind
from kilter.values.task import IGNORED

if TYPE_CHECKING:
    from torch import Tensor, nn

    from kilter.checks.program.bench import Bench
    from kilter.engine.programs import Made
    from kilter.engine.trees import Path

KNOWN: Final = (Kind.CLASSIFICATION, Kind.MULTILABEL, Kind.TAGGING, Kind.REGRESSION)
"""Tasks of which it is known what a right answer is."""

WRONG_OUTPUTS: Final = (
    "normalised-twice",
    "missing-logarithm",
    "softmax-place",
    "output-reach",
    "pairing",
    "legal-labels",
    "rows-mixed",
    "loss-of-task",
    "loss-direction",
)
"""Findings of outputs that are not what they should be; what validation makes of them only follows."""

SURE: Final = 6.0
"""Logit of an answer that leaves no doubt."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What the model is made to answer.

    Attributes:
        right: whether the answers of a batch are right, by its place.
        sure: how far answers are from indifference, in logits.
        about: the logit about which answers to yes-or-no questions lie.
        ignored: the class answered where the target is to be ignored.
        spread: of right amounts about their mean, of what is right.
    """

    right: Callable[[int], bool]
    sure: float = SURE
    about: float = 0.0
    ignored: int = 0
    spread: float = 1.0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What a validation said of made-up answers.

    Attributes:
        metric: as the author reports it.
        loss: the same.
        batches: of its loader that were read.
        calls: of the model whose answer was replaced.
        missed: calls whose answer could not be made up.
        inside: whether something of the loader was asked for, such as its data set.
        rows: of each batch.
    """

    metric: float
    loss: float
    batches: int
    calls: int
    missed: int
    inside: bool
    rows: tuple[int, ...]


def play(bench: Bench, made: Made, script: Script, kind: OutputKind) -> Played | None:
    """The author's validation with the model's answers replaced; None where there is none, or it reports no number.

    The loader is the author's, listened to; the model runs as ever, and what it gives is exchanged at the last moment.
    """
    if bench.program.validate is None or made.valid is None:
        return None
    listening = _Listening(made.valid, bench, script, kind)
    with left_as_found(), _answering(made.model, listening), persons_code("Validation"):
        seed_everything(bench.seed)
        said: Any = bench.program.validate(made.model, made.loss_fn, listening)
    try:
        loss, metric = float(said[0]), float(said[1])
    except (TypeError, ValueError, IndexError, KeyError):
        return None
    return Played(
        metric=metric,
        loss=loss,
        batches=len(listening.rows),
        calls=listening.calls,
        missed=listening.missed,
        inside=listening.inside,
        rows=tuple(listening.rows),
    )


@final
class _Listening:
    """A loader that knows which batch was given last; in all else it is the loader."""

    def __init__(self, loader: Any, bench: Bench, script: Script, kind: OutputKind) -> None:
        self._loader = loader
        self.bench = bench
        self.script = script
        self.kind = kind
        self.batch: Any = None
        self.rows: list[int] = []
        self.calls = 0
        self.missed = 0
        self.inside = False

    def __iter__(self) -> Iterator[Any]:
        self.rows = []
        for batch in self._loader:
            self.batch = batch
            targets = [leaves(batch)[path] for path in self.bench.roles.targets if path in leaves(batch)]
            self.rows.append(len(targets[0]) if targets and targets[0].ndim else 0)
            yield batch

    def __len__(self) -> int:
        return len(self._loader)

    def __getattr__(self, name: str) -> Any:
        self.inside = True
        return getattr(self._loader, name)

    def exchanged(self, result: Any) -> Any:
        """What the model gives, with the answer that was made up."""
        output = main_output(result)
        targets = {} if self.batch is None else leaves(self.batch)
        found = [targets[path] for path in self.bench.roles.targets if path in targets]
        answer = None
        right = self.script.right(len(self.rows) - 1)
        if output is not None and found:
            answer = made_up(self.bench, self.kind, output, found[0], self.script, right=right)
        if answer is None or output is None:
            self.missed += 1
            return result
        self.calls += 1
        places: list[Path] = [path for path, tensor in leaves(result).items() if tensor is output]
        return with_leaves(result, {places[0]: answer}) if places else result


@contextmanager
def _answering(model: nn.Module, listening: _Listening) -> Iterator[None]:
    handle = model.register_forward_hook(lambda _module, _arguments, result: listening.exchanged(result))
    try:
        yield
    finally:
        handle.remove()


def made_up(
    bench: Bench, kind: OutputKind, like: Tensor, target: Tensor, script: Script, *, right: bool
) -> Tensor | None:
    """Answers of the form of the model's; None where targets do not fit it."""
    task, target = bench.program.task, target.detach()
    one_each = like.numel() == target.numel()
    if task is Kind.REGRESSION:
        return _amounts(like, target, script, right=right) if one_each else None
    if one_each and task is not Kind.TAGGING:
        return _yes_or_no(kind, like, target, script, right=right)
    if task in (Kind.CLASSIFICATION, Kind.TAGGING) and like.ndim > 1:
        return _one_of_several(kind, like, target, script, right=right)
    return None


def _amounts(like: Tensor, target: Tensor, script: Script, *, right: bool) -> Tensor:
    values = target.reshape(like.shape).to(like.dtype)
    middle = values.mean()
    return middle + (script.spread if right else -1.0) * (values - middle)


def _yes_or_no(kind: OutputKind, like: Tensor, target: Tensor, script: Script, *, right: bool) -> Tensor:
    yes = target.reshape(like.shape).double() > (0.5 if float(target.min()) >= 0 else 0.0)  # labels of 0 and 1, or ±1
    logits = script.about + script.sure * ((yes if right else ~yes).double() * 2 - 1)
    if kind is OutputKind.PROBABILITIES:
        shares = logits.sigmoid()
        return torch.where(shares < 1e-9, 0.0, shares).to(like.dtype)  # nought itself is not above nought
    return logits.to(like.dtype)


def _one_of_several(kind: OutputKind, like: Tensor, target: Tensor, script: Script, *, right: bool) -> Tensor | None:
    if target.is_floating_point() and target.shape == like.shape:
        target = target.argmax(-1)
    target = target.long()
    last = like.shape[:-1].numel() == target.numel()
    classes = like.shape[-1] if last else like.shape[1]
    if not last and like.shape[0] * like.shape[2:].numel() != target.numel():
        return None
    judged = (target >= 0) & (target < classes)
    if not bool(((target == IGNORED) | judged).all()):
        return None
    chosen = torch.where(judged, target if right else (target + 1) % classes, script.ignored % classes)
    logits = torch.nn.functional.one_hot(chosen.flatten(), classes).double() * script.sure
    if kind is OutputKind.PROBABILITIES:
        logits = logits.softmax(-1)
    elif kind is OutputKind.LOG_PROBABILITIES:
        logits = logits.log_softmax(-1)
    if last:
        return logits.reshape(like.shape).to(like.dtype)
    return logits.reshape(like.shape[0], -1, classes).transpose(1, 2).reshape(like.shape).to(like.dtype)


def output_kind(bench: Bench, outputs: list[Tensor]) -> OutputKind:
    """What a model's answers are, by their range and sums, where the author does not say."""
    if bench.program.output is not None:
        return bench.program.output
    flat = torch.cat([output.detach().double().flatten() for output in outputs])
    if bool(((flat >= 0) & (flat <= 1)).all()):
        return OutputKind.PROBABILITIES
    last = [output.detach().double() for output in outputs if output.ndim > 1 and output.shape[-1] > 1]
    if (
        last and bool((flat <= 0).all()) and all(bool((o.exp().sum(-1) - 1).abs().max() < 1e-3) for o in last)
    ):  # rounding
        return OutputKind.LOG_PROBABILITIES
    return OutputKind.LOGITS


def stage(bench: Bench) -> tuple[Made, OutputKind] | str:
    """A program whose answers can be exchanged, and what they are; else why not."""
    program = bench.program
    read = given(bench).valid
    if program.validate is None or read is None or not read.batches:
        return "there is no validation, or no loader for it"
    if program.task not in KNOWN or not bench.roles.targets:
        return "what a right answer is cannot be told of this task"
    if not read.whole:
        return "validation is too long to be run several times"
    made = bench.made()
    outputs = [main_output(bench.peek(made, batch, training=False).outputs) for batch in given(bench).train.batches[:2]]
    found = [output for output in outputs if output is not None]
    if not found or not all(leaves(read.batches[0]).get(path) is not None for path in bench.roles.targets[:1]):
        return "answers and targets of validation are not seen"
    kind = output_kind(bench, found)
    if kind is OutputKind.PROBABILITIES and bench.program.output is None and not _bounded(bench):
        kind = OutputKind.LOGITS
    return made, kind


def _bounded(bench: Bench) -> bool:
    """Whether outputs stay between nought and one with weights that are thirty times as large: logits leave it."""
    made = bench.made()
    with torch.no_grad():
        for parameter in made.model.parameters():
            parameter.mul_(30.0)
    output = main_output(bench.peek(made, given(bench).train.batches[0], training=False).outputs)
    return output is not None and bool(((output >= 0) & (output <= 1)).all())
