"""The loss of a program as a function of predictions alone: it can be asked what it would say of others."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, final

import torch

from kilter.checks.program.bench import Bench
from kilter.checks.program.predicted import main_output
from kilter.engine.peeking import Peek, output_gradient, peek
from kilter.engine.programs import Made
from kilter.engine.seeding import left_as_found, seed_everything
from kilter.engine.substituting import answering, answering_inside, givers, with_answer
from kilter.engine.trees import Path, leaves, with_leaves
from kilter.values.program import Kind

if TYPE_CHECKING:
    from torch import Tensor

Asked: TypeAlias = "Callable[[Tensor, Tensor], Any]"
"""(predictions, targets) -> what the loss is of them."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """The loss on one batch, asked about other predictions and other targets.

    Attributes:
        given: what the loss meets as predictions on a fresh model in evaluation mode, a copy.
        target: what it meets as targets, a copy.
        outputs: the model's main output at that, a copy; the same as `given` unless something comes between them.
        asked: the loss of (predictions, targets) of these shapes, with a graph.
        places: where predictions and targets stand among (arguments, keywords) of the loss function; None where it is
            not the loss function that is asked but the step, with its model answering.
    """

    given: Tensor
    target: Tensor
    outputs: Tensor
    asked: Asked
    places: tuple[Path, Path] | None = None

    @property
    def heard(self) -> bool:
        """Whether it is the loss function itself that is asked."""
        return self.places is not None

    def loss(self, given: Tensor | None = None, target: Tensor | None = None) -> float:
        """The loss of these predictions; not-a-number where it refuses them."""
        result = self._ask(self.given if given is None else given, target)
        return float(result.detach()) if result is not None else float("nan")

    def gradient(self, given: Tensor | None = None, target: Tensor | None = None) -> Tensor | None:
        """The gradient of the loss by predictions; zeros where it does not depend on them, None where it refuses."""
        leaf = (self.given if given is None else given).detach().clone().requires_grad_(True)
        with torch.enable_grad():
            result = self._ask(leaf, target)
            if result is None:
                return None
            found = output_gradient(result, leaf) if result.requires_grad else None
        return torch.zeros_like(leaf) if found is None else found.detach()

    def _ask(self, given: Tensor, target: Tensor | None) -> Tensor | None:
        with left_as_found():
            seed_everything(0)
            try:
                result = self.asked(given, self.target if target is None else target)
            except Exception:  # noqa: BLE001 - a loss may refuse numbers that it was not made for
                return None
        return result if isinstance(result, torch.Tensor) and result.numel() == 1 else None


def surface(bench: Bench) -> Surface | None:
    """The loss of a program on its first batch, at a fresh model; None where it cannot be asked."""
    return bench.once(("loss surface",), lambda: find_surface(bench))


def find_surface(bench: Bench) -> Surface | None:
    """By the loss function itself where it was heard, else by the step with a model that answers as it is told."""
    if not bench.recording.steps:
        return None
    batch = bench.recording.steps[0].batch
    made = bench.made()
    with givers(made.model) as noted:
        seen = bench.peek(made, batch, training=False)
        outputs = main_output(seen.outputs)
        giver = noted[id(outputs)][1] if outputs is not None and id(outputs) in noted else None
    targets = _targets(bench, batch)
    found = _of_the_loss(made, seen, outputs, list(targets.values()))
    if found is not None:
        return found
    if outputs is None or seen.calls != 1 or not targets or seen.loss is None or seen.loss.numel() != 1:
        return None
    path, target = next(iter(targets.items()))
    inside = _own_loss(seen.outputs) and giver is not None and giver is not made.model

    def asked(given: Tensor, wanted: Tensor) -> Any:
        other = with_leaves(batch, {path: wanted}) if wanted is not target else batch
        with ExitStack() as stack:
            if inside:
                stack.enter_context(answering_inside(giver, given))  # type: ignore[arg-type]  # asked above
            else:
                stack.enter_context(answering(made.model, with_answer(seen.outputs, outputs, given)))
            return peek(bench.program, made, other, training=False, seed=0).loss

    return _checked(
        Surface(given=outputs.detach().clone(), target=target, outputs=outputs.detach().clone(), asked=asked),
        float(seen.loss.detach()),
    )


def _targets(bench: Bench, batch: Any) -> dict[Path, Tensor]:
    """The targets by their roles; of classes, else, the only whole numbers that the model is not given."""
    given = leaves(batch)
    found = {path: given[path] for path in bench.roles.targets if path in given}
    if found or bench.program.task not in (Kind.CLASSIFICATION, Kind.TAGGING, Kind.MULTILABEL):
        return found
    rest = {path: given[path] for path in bench.roles.rest if path in given}
    whole = {path: t for path, t in rest.items() if t.dtype != torch.bool and t.ndim and bool((t == t.round()).all())}
    return whole if len(whole) == 1 else {}


def _of_the_loss(made: Made, seen: Peek, outputs: Tensor | None, targets: list[Tensor]) -> Surface | None:
    """The surface of a loss function that was called with predictions and targets; of the first such call."""
    for call in seen.losses:
        tree = (call.arguments, dict(call.keywords))
        roles = _given_and_target(tree, outputs, targets)
        if roles is None or not isinstance(call.result, torch.Tensor) or call.result.numel() != 1:
            continue
        at_given, at_target = roles
        heard = leaves(tree)
        for function in _functions(made.loss_fn):
            found = Surface(
                given=heard[at_given],
                target=heard[at_target],
                outputs=heard[at_given] if outputs is None else outputs.detach().clone(),
                asked=_replayed(function, tree, at_given, at_target),
                places=roles,
            )
            if _checked(found, float(call.result)) is not None:
                return found
    return None


def _replayed(function: Callable[..., Any], tree: Any, at_given: Path, at_target: Path) -> Asked:
    def asked(given: Tensor, target: Tensor) -> Any:
        arguments, keywords = with_leaves(tree, {at_given: given, at_target: target})
        return function(*arguments, **keywords)

    return asked


def _checked(found: Surface, was: float) -> Surface | None:
    """The surface, if it says again what was said: a loss that draws random numbers or counts its calls does not."""
    again = found.loss()
    both_none = math.isnan(again) and math.isnan(was)
    same = both_none or again == was or abs(again - was) <= 1e-4 * max(1e-3, abs(was))
    return found if same else None


def _given_and_target(tree: Any, outputs: Tensor | None, targets: list[Tensor]) -> tuple[Path, Path] | None:
    heard = {path: tensor for path, tensor in leaves(tree).items() if tensor.numel()}
    wanted = [path for path, tensor in heard.items() if any(_same(tensor, target) for target in targets)]
    floats = [path for path, tensor in heard.items() if tensor.is_floating_point()]
    if outputs is not None:
        floats.sort(key=lambda path: not _same(heard[path], outputs))  # a stable sort: the model's own outputs first
    for given in floats:
        others = [path for path in wanted if path != given]
        if given in wanted and not others:
            continue
        others = others or [path for path in heard if path != given and (len(heard) == 2 or path not in floats)]
        if others and heard[given].ndim:
            return given, others[0]
    return None


def _functions(loss_fn: Any) -> Iterator[Callable[..., Any]]:
    if isinstance(loss_fn, Mapping):
        for part in loss_fn.values():
            yield from _functions(part)
    elif isinstance(loss_fn, list | tuple):
        for part in loss_fn:
            yield from _functions(part)
    elif callable(loss_fn):
        yield loss_fn


def _own_loss(outputs: Any) -> bool:
    own = outputs.get("loss") if isinstance(outputs, Mapping) else getattr(outputs, "loss", None)
    if isinstance(outputs, tuple):
        own = next((part for part in outputs if isinstance(part, torch.Tensor) and not part.ndim), None)
    return isinstance(own, torch.Tensor)


def _same(left: Tensor, right: Tensor) -> bool:
    return left.numel() == right.numel() and torch.equal(
        torch.nan_to_num(left.detach().flatten().double()), torch.nan_to_num(right.detach().flatten().double())
    )
