"""Overhearing a loop that somebody else wrote: what it descends, when it steps, what it evaluates.

Nothing is computed a second time and nothing waits for a device: a backward costs a list entry, a step the reading of
one number. Numbers that live on another device are kept as they are and read together, once in so many steps. Batches,
gradients and parameters are looked at in some steps only.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol, final

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

from kilter.engine.fingerprints import fingerprint, largest, odd_rows, plain_tensors
from kilter.engine.instruments import Instruments
from kilter.engine.movement import Movement
from kilter.values.curve_names import BATCH, GRADIENT_NORM, INPUT_SIZE, MOVING, OTHER_LOSS

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer

APART: Final = 20
"""Steps between two readings of numbers that live on another device."""

ALONE: Final = 256
"""Backwards without any step of an optimizer, after which they are counted in its place."""

PRINTS: Final = 10
"""Of so many steps, the batches of two that follow each other get a fingerprint."""

NORMS: Final = 20
"""Steps between two readings of the gradient's norm."""

MOVES: Final = 20
"""Steps between two looks at which parameters have moved, and at the size of inputs."""

KEPT: Final = 256
"""Steps whose ids are kept."""


class Listener(Protocol):
    """Somebody who is told what was overheard."""

    def stepped(self, step: int, loss: float, rate: float) -> bool:
        """An optimizer step: the sum of what was descended in it (NaN where nothing was heard), and its rate.

        The answer is whether its batch should be looked at.
        """

    def noted(self, step: int, values: Mapping[str, float]) -> None:
        """Other curves of a step, told before the step itself or soon after it."""

    def measured(self, step: int, values: Mapping[str, float], seconds: float) -> None:
        """What the instruments have measured in a step, and what that took."""

    def evaluated(self, loss: float) -> None:
        """Consecutive losses without a gradient: their mean, weighted by the rows of each batch."""


@final
class Overheard:
    """What is being overheard.

    Attributes:
        step: steps so far.
        ids: of the examples of the step that is being made, a list for each batch.
        kept: the ids of the last steps, and which rows of their last batch stand out, where that was looked at.
        instruments: measure the next step once they are armed.
    """

    def __init__(self, model: nn.Module, optimizers: Iterable[Optimizer], listener: Listener) -> None:
        self.step = 0
        self.ids: list[Any] = []
        self.kept: deque[tuple[int, list[Any]]] = deque(maxlen=KEPT)
        self.rows: dict[int, tuple[int, ...]] = {}
        self.instruments = Instruments(model)
        self.scaled: tuple[Tensor, Tensor] | None = None
        self._model = model
        self._given = tuple(optimizers)
        self._met: dict[int, tuple[Optimizer, bool]] = {}  # the optimizer is kept, so that no other gets its id
        self._mine = {id(p) for p in _held(self._given) or model.parameters()}
        self._main: Optimizer | None = None  # whose steps are counted
        self._turns = 0  # steps of another one since the last of these
        self._listener = listener
        self._movement = Movement(model)
        self._losses: list[Any] = []  # of this step
        self._heard: Tensor | None = None  # what the loss function said last of a training batch
        self._norm: Tensor | float | None = None
        self._norms: dict[int, float] = {}  # of single gradients, by the id of their parameter, as they were read last
        self._inputs: Any = None  # of the training batch that was called last
        self._suspect: Any = None  # inputs whose loss is no number
        self._pending: list[tuple[int, str, Tensor, Any]] = []  # on another device
        self._valid: list[tuple[Tensor, int]] = []
        self._probe: Tensor | None = None  # a parameter whose gradient tells when gradients were cleared
        self._inside = False
        self._evaluated = False  # without gradients, since the instruments were armed
        self._print_due = self._norm_due = True

    # --- the hot path: called at each backward and step

    def backward(self, original: Callable[..., None], tensors: Any, *arguments: Any, **keywords: Any) -> None:
        """A backward was called."""
        if self._inside:  # a checkpointed part calls it for itself
            original(tensors, *arguments, **keywords)
            return
        loss = tensors if isinstance(tensors, torch.Tensor) else tensors[0]
        if self._valid:
            self._settle_valid(loss)
        probe, scaled = self._probe, self.scaled
        if scaled is not None and scaled[0] is loss:
            loss = scaled[1]
        else:
            self.scaled = None
        if probe is not None and probe.grad is None and self._losses:
            self._losses.clear()  # gradients were cleared: a closure or a skipped step descended these, and is over
        value = _read(loss)
        self._losses.append(value)
        self._heard = None
        if value != value and value.__class__ is float and self._suspect is None:  # noqa: PLR0124 - no number
            self._suspect = self._inputs
        self._inside = True
        try:
            original(tensors, *arguments, **keywords)
        finally:
            self._inside = False
        if probe is None:
            self._probe = next((p for p in self._parameters() if p.grad is not None), None)
        if self._norm_due:
            self._norm = self._gradient_norm()
        if self.instruments.armed:
            self.instruments.read()
        if self.step == 0 and len(self._losses) == ALONE:
            self._count_backwards()

    def updated(self, optimizer: Optimizer, _arguments: Any, _keywords: Any) -> None:
        """An optimizer made a step: one of ours closes the step, unless nothing happened since the last one."""
        known = self._met.get(id(optimizer))
        ours = self._meet(optimizer) if known is None else known[1]
        losses = self._losses
        if not ours:
            losses.clear()  # they were descended by somebody else, as in a pair of adversaries
            return
        if not losses:
            if self._inputs is None:
                return
            losses.append(math.nan if self._heard is None else _read(self._heard))
        if optimizer is not self._main and not self._leads(optimizer):
            self._note_other(losses)
            return
        self._turns = 0
        self._close(losses, optimizer.param_groups[0]["lr"])

    def called(self, module: nn.Module, arguments: Any, keywords: Any) -> None:
        """The model was called."""
        if torch.compiler.is_compiling():
            return
        if torch.is_grad_enabled():
            self._inputs = (arguments, keywords)
            if self._print_due and module.training:
                self._print_due = False
                self._note(self.step + 1, BATCH, fingerprint(self._inputs))
        else:
            self._evaluated = True

    def valued(self, _module: nn.Module, arguments: Any, result: Any) -> None:
        """The loss function gave something: that of an evaluation, or of a training batch."""
        if torch.compiler.is_compiling():
            return
        if torch.is_grad_enabled() and self._model.training:
            self._heard = result if isinstance(result, torch.Tensor) else None
        elif (loss := next(plain_tensors(result), None)) is not None:
            target = next(plain_tensors(arguments[1:]), None)
            self._valid.append((loss.clone(), len(target) if target is not None and target.ndim else 1))

    # --- once a step

    def _close(self, losses: list[Any], rate: Any) -> None:
        self.step = step = self.step + 1
        loss = losses[0] if len(losses) == 1 else sum(losses)
        losses.clear()
        if self.ids:
            self.kept.append((step, self.ids))
            self.ids = []
        here = loss.__class__ is float
        if self._norm_due:
            self._note(step, GRADIENT_NORM, self._norm)
        moving = step % MOVES == 0 or self._movement.doubtful
        if step % MOVES == 0 and self._inputs is not None:
            self._note(step, INPUT_SIZE, largest(self._inputs))
        if isinstance(rate, torch.Tensor):
            rate = float(rate) if here else rate.detach().clone()
        if here:
            if self._listener.stepped(step, loss, rate):
                self._look_at_batch(step)
        else:
            self._pending.append((step, "", loss, rate))
            if len(self._pending) >= APART:
                self._read_pending()
        self._heard = self._inputs = self._suspect = self._norm = None
        if moving:
            self._note_movement()
        if self.instruments.armed:
            self._take()
        following = step + 1
        self._print_due = following % PRINTS < 2
        self._norm_due = following % NORMS == 0

    def _gradient_norm(self) -> Tensor | float | None:
        held = [
            (parameter, gradient)
            for parameter in self._parameters()
            if type(gradient := parameter.grad) is torch.Tensor and gradient.layout is torch.strided
        ]
        self._norms = {}
        if not held:
            return None
        gradients = [gradient for _, gradient in held]
        wide = any(gradient.dtype is torch.float64 for gradient in gradients)
        norms = torch._foreach_norm(gradients, 2, torch.float64 if wide else torch.float32)  # noqa: SLF001 - one kernel
        if all(norm.is_cpu for norm in norms):
            numbers = torch.stack(norms).tolist()
            self._norms = {id(parameter): number for (parameter, _), number in zip(held, numbers, strict=True)}
            scale = 1.0 if self.scaled is None else abs(_read(self.scaled[1]) / _read(self.scaled[0]))
            return scale * math.sqrt(sum(number * number for number in numbers))
        norm: Tensor = torch.linalg.vector_norm(torch.stack([norm.to(norms[0].device) for norm in norms]))
        if self.scaled is not None:
            norm *= (self.scaled[1].detach() / self.scaled[0].detach()).abs().to(norm.device)
        return norm

    def _note_movement(self) -> None:
        optimizers = [optimizer for optimizer, ours in self._met.values() if ours]
        norms, self._norms = self._norms, {}
        changed = self._movement.look(optimizers, norms)
        if changed:
            self._listener.noted(self.step, {MOVING + name: value for name, value in changed.items()})

    def _take(self) -> None:
        """What the instruments have measured; a step before which something was evaluated is measured anew."""
        if self._evaluated:
            self.arm()
            return
        values = self.instruments.take()
        if values:
            self._listener.measured(self.step, values, self.instruments.seconds)

    def arm(self) -> None:
        """The next step is measured."""
        self._evaluated = False
        self.instruments.arm()

    def _look_at_batch(self, step: int) -> None:
        inputs = self._inputs if self._suspect is None else self._suspect
        size = None if inputs is None else largest(inputs)
        if size is not None:
            self._listener.noted(step, {INPUT_SIZE: float(size)})
            self.rows[step] = odd_rows(inputs)

    def _leads(self, optimizer: Optimizer) -> bool:
        """Whether this optimizer's steps are counted from now on: the first one's, until another goes on without it."""
        self._turns += 1
        if self._main is None or self._turns > 1:
            self._main = optimizer
        return optimizer is self._main

    def _note_other(self, losses: list[Any]) -> None:
        """A second optimizer took its turn: what it descended is no loss of the first."""
        loss = sum(losses)
        losses.clear()
        if self.step and isinstance(loss, float):
            self._listener.noted(self.step, {OTHER_LOSS: loss})
        elif self.step:
            self._pending.append((self.step, OTHER_LOSS, loss, None))

    # --- the rest

    def finish(self) -> None:
        """Read and tell what is still held."""
        self.instruments.disarm()
        if self.step == 0 and len(self._losses) > 1:
            self._count_backwards()
        self._read_pending()
        if self._valid:
            self._tell_valid()

    def _note(self, step: int, name: str, value: Tensor | float | None) -> None:
        if value is None:
            return
        if isinstance(value, float):
            self._listener.noted(step, {name: value})
        elif value.is_cpu:
            self._listener.noted(step, {name: value.item()})
        else:
            self._pending.append((step, name, value, None))

    def _read_pending(self) -> None:
        if not self._pending:
            return
        pending, self._pending = self._pending, []
        values = torch.stack([value.float().to(pending[0][2].device) for _, _, value, _ in pending]).tolist()
        for value, (step, name, _, rate) in zip(values, pending, strict=True):
            if name:
                self._listener.noted(step, {name: value})
            else:
                self._listener.stepped(step, value, float(rate))

    def _count_backwards(self) -> None:
        """No optimizer has stepped: each backward stands for a step."""
        losses, self._losses = self._losses, []
        for loss in losses:
            self._close([loss], math.nan)

    def _settle_valid(self, loss: Tensor) -> None:
        """Before a training batch is descended: its own loss, heard in evaluation mode, is none of an evaluation."""
        last, _ = self._valid[-1]
        if not self._model.training and last.shape == loss.shape and torch.equal(last, loss.detach()):
            self._valid.pop()
        if self._valid:
            self._tell_valid()

    def _tell_valid(self) -> None:
        valid, self._valid = self._valid, []
        self._read_pending()
        losses = torch.stack([loss.float().mean() for loss, _ in valid]).double()
        weights = torch.tensor([rows for _, rows in valid], dtype=torch.float64, device=losses.device)
        self._listener.evaluated(float((losses * weights).sum() / weights.sum()))

    def _meet(self, optimizer: Optimizer) -> bool:
        ours = any(optimizer is one for one in self._given) or any(id(p) in self._mine for p in _held([optimizer]))
        self._met[id(optimizer)] = (optimizer, ours)
        return ours

    def _parameters(self) -> Iterator[Tensor]:
        return iter(_held(self._given) or self._model.parameters())


@contextmanager
def overhearing(
    model: nn.Module, optimizers: Iterable[Optimizer], loss_fn: Any, listener: Listener
) -> Iterator[Overheard]:
    """Inside, the listener is told what this model's training descends and evaluates, whoever wrote the loop.

    Args:
        model: what is trained.
        optimizers: what trains it; none takes every optimizer that holds a parameter of the model.
        loss_fn: a module that gives the loss; only through it can losses without a gradient be heard.
        listener: who is told.
    """
    overheard = Overheard(model, optimizers, listener)
    original, scale = torch.autograd.backward, torch.amp.GradScaler.scale

    def backward(tensors: Any, *arguments: Any, **keywords: Any) -> None:
        overheard.backward(original, tensors, *arguments, **keywords)

    def scaling(scaler: Any, outputs: Any) -> Any:
        result = scale(scaler, outputs)
        if isinstance(outputs, torch.Tensor) and result is not outputs:
            overheard.scaled = (result, outputs)
        return result

    with ExitStack() as stack:
        handles: list[Any] = [
            register_optimizer_step_post_hook(overheard.updated),
            model.register_forward_pre_hook(overheard.called, with_kwargs=True),
        ]
        if isinstance(loss_fn, torch.nn.Module):
            handles.append(loss_fn.register_forward_hook(overheard.valued))
        for handle in handles:
            stack.callback(handle.remove)
        for place, name, instead, before in (
            (torch.amp.GradScaler, "scale", scaling, scale),
            (torch.autograd, "backward", backward, original),
        ):
            stack.callback(setattr, place, name, before)
            setattr(place, name, instead)
        stack.callback(overheard.instruments.disarm)
        yield overheard
        overheard.finish()


def _held(optimizers: Iterable[Optimizer]) -> list[Tensor]:
    return [parameter for optimizer in optimizers for group in optimizer.param_groups for parameter in group["params"]]


def _read(loss: Tensor) -> Any:
    """The number of a loss where reading it waits for nobody; else a copy that may be read later."""
    if loss.is_cpu:
        return loss.item() if loss.numel() == 1 else loss.detach().sum().item()
    return loss.detach().sum()
