"""Watching a loop that somebody else wrote: two lines around it, and its curves are recorded and judged."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, final

from kilter.checks.curves import CURVE_CHECKS
from kilter.checks.curves.moments import AT_THE_END, LIVE_CHECKS
from kilter.checks.examination import examine
from kilter.engine.overhearing import Overheard, overhearing
from kilter.training.batch_names import named, words
from kilter.training.looking import Attention
from kilter.training.pacing import interval
from kilter.values.curve_names import (
    BATCH,
    EVERY,
    LAYER_MEASURES,
    LEARNING_RATE,
    MEASURING,
    MOVING,
    SECONDS,
    TRAIN_LOSS,
    VALID_LOSS,
)
from kilter.values.errors import UsageError
from kilter.values.finding import Examination, Finding, Severity, in_order
from kilter.values.history import History

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

LOGGER: Final = logging.getLogger("kilter")

SHARE: Final = 0.005
"""Of the time of all steps, that looks at the curves may take."""

LEAST: Final = 2e-6
"""Seconds a step that they may take where the share of a short step is less."""

PART: Final = 0.25
"""Of what measuring layers may take in `fit`, that it may take here, where the rest is for whatever is overheard."""

FLUSH: Final = 512
"""Steps that are held before they are added to the history."""

TAIL: Final = 2000
"""Points of a curve that a live check is shown."""

PATIENCE: Final = 11
"""Steps after a parameter was seen at rest, at which it is looked at again."""

_LEVELS: Final = {Severity.NOTE: logging.INFO, Severity.WARNING: logging.WARNING, Severity.FAILURE: logging.ERROR}
_OFTEN: Final = 5  # times that findings of one code, each about another batch, are logged
_LAYERS: Final = tuple(f"{measure}/" for measure in LAYER_MEASURES)


@final
class Watch:
    """What has been seen of a training so far; made by `watch`."""

    def __init__(self, *, layers: bool = True, quiet: bool = False) -> None:
        self._quiet = quiet
        self._history = History()
        self._steps: list[int] = []
        self._losses: list[float] = []
        self._rates: list[float] = []
        self._seconds: list[float] = []
        self._notes: list[tuple[int, Mapping[str, float]]] = []
        self._overheard: Overheard | None = None
        self._attention = Attention()
        self._began = time.perf_counter()
        self._spent = 0.0  # seconds in looks
        self._cost = 0.02  # seconds that a look at the whole history takes, as far as is known
        self._whole_due = 1 << 62 if quiet else 100
        self._measure_due = 1 if layers else 1 << 62
        self._found: dict[str, Finding] = {}
        self._told: dict[tuple[str, object], Severity] = {}
        self._ids: dict[int, tuple[str, ...]] = {}
        self._examination: Examination | None = None

    @property
    def history(self) -> History:
        """The curves up to now."""
        if self._steps:
            curves = {TRAIN_LOSS: self._losses, LEARNING_RATE: self._rates, SECONDS: self._seconds}
            self._history = self._history.extend(self._steps, curves)
            for held in (self._steps, self._losses, self._rates, self._seconds):
                held.clear()
        for step, values in self._notes:
            self._history = self._history.append(step, values)
        self._notes.clear()
        return self._history

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found so far, in order; at the end, what holds of the whole."""
        if self._quiet or self._examination is not None:
            return self.examination.findings
        return in_order(self._found.values())

    @property
    def examination(self) -> Examination:
        """What the checks of curves say of everything that was recorded."""
        if self._examination is not None:
            return self._examination
        said = examine(CURVE_CHECKS, self.history)
        found = tuple(self._named(finding) for finding in said.findings)
        return Examination(findings=found, skipped=said.skipped, seconds=said.seconds)

    def batch(self, *, ids: Any) -> None:
        """Say the ids of the examples of the batch that is trained on next, so that findings can name them.

        Args:
            ids: a list, an array or a tensor, in the order of the batch's rows; it is kept for some steps, and read
                only where a finding names it.
        """
        if self._overheard is not None:
            self._overheard.ids.append(ids)

    def record(self, values: Mapping[str, float]) -> None:
        """Add numbers that the loop has computed itself, such as `{"valid.accuracy": 0.91}`, to the step it is in."""
        step = self._history.step if self._overheard is None else self._overheard.step
        self._notes.append((step, {name: float(value) for name, value in values.items()}))

    # --- what is overheard

    def stepped(self, step: int, loss: float, rate: float) -> bool:
        """An optimizer step; the answer is whether its batch is worth a look."""
        self._steps.append(step)
        self._losses.append(loss)
        self._rates.append(rate)
        self._seconds.append(time.perf_counter() - self._began)
        attention = self._attention
        due = (
            step >= attention.due and not self._quiet
        )  # before this step may plan a look at itself: its batch is not known yet
        odd = attention.step(step, loss, rate)
        whole = step >= self._whole_due and self._affords(step)
        if due or whole or len(self._steps) >= FLUSH:
            self._look(step, live=due, whole=whole)
        if step >= self._measure_due and self._overheard is not None:
            self._measure_due = step + 1
            self._overheard.arm()
        return odd

    def noted(self, step: int, values: Mapping[str, float]) -> None:
        """Other curves of a step."""
        self._notes.append((step, values))
        for name, value in values.items():
            if name == BATCH:
                self._attention.batch(step, value)
            elif value != 1 and name.startswith(MOVING):
                self._attention.later(step + PATIENCE)

    def measured(self, step: int, values: Mapping[str, float], seconds: float) -> None:
        """What the instruments have measured in a step."""
        before = self.history.last(EVERY)
        every = interval(self.history, step=step, cost=seconds / PART)
        self._notes.append((step, {**values, MEASURING: seconds / PART, EVERY: every}))
        self._measure_due = step + max(every, 2) - 1
        if before is not None and every > before and not self._quiet:
            LOGGER.debug(
                "step %d: layers are measured every %d steps from now on, as measuring takes long", step, every
            )

    def evaluated(self, loss: float) -> None:
        """The mean of the losses of an evaluation."""
        self.record({VALID_LOSS: loss})

    # --- looking

    def _affords(self, step: int) -> bool:
        """Whether a look at the whole history is within its share of the time; if not, it is asked again later."""
        spent = time.perf_counter() - self._began
        affordable = self._spent + 1.5 * self._cost <= SHARE * spent + LEAST * step
        if not affordable:
            self._whole_due = step + FLUSH // 8
        return affordable

    def _look(self, step: int, *, live: bool, whole: bool) -> None:
        began = time.perf_counter()
        history = self.history
        if live:
            said = examine(LIVE_CHECKS, _tail(history)).findings
            self._attention.looked(step, found=bool(said))
            self._keep(said, step)
        if whole:
            found = examine([check for check in CURVE_CHECKS if check not in AT_THE_END], history).findings
            self._found.clear()
            self._keep(found, step)
            self._cost = time.perf_counter() - began
            self._whole_due = step + step // 2
        self._spent += time.perf_counter() - began

    def _keep(self, findings: Iterable[Finding], step: int) -> None:
        for nameless in findings:
            finding = self._named(nameless)
            self._found[finding.code] = finding
            self._tell(finding, step)

    def _tell(self, finding: Finding, step: int) -> None:
        """Log a finding once, and once more if it gets worse."""
        about = finding.evidence.get("batch")
        key = (finding.code, about)
        known = [severity for (code, _), severity in self._told.items() if code == finding.code]
        if self._told.get(key, -1) >= finding.severity or (len(known) >= _OFTEN and max(known) >= finding.severity):
            return
        self._told[key] = finding.severity
        LOGGER.log(_LEVELS[finding.severity], "step %d: %s%s", step, finding, _whereabouts(finding))

    def _named(self, finding: Finding) -> Finding:
        overheard = self._overheard
        step = finding.evidence.get("batch")
        rows = overheard.rows.get(step, ()) if overheard is not None and isinstance(step, int) else ()
        return named(finding, self._ids_of, rows)

    def _ids_of(self, step: int) -> tuple[str, ...]:
        if step not in self._ids and self._overheard is not None:
            kept = next((ids for at, ids in self._overheard.kept if at == step), None)
            if kept is None:
                return ()
            self._ids[step] = words(kept)
        return self._ids.get(step, ())

    def close(self) -> None:
        """The training is over: everything is judged once more, and what was not told yet is."""
        if self._quiet:
            return
        self._examination = self.examination
        for finding in self._examination.findings:
            self._tell(finding, self._history.step)


@contextmanager
def watch(
    model: nn.Module,
    optimizer: Optimizer | Iterable[Optimizer] | None = None,
    loss_fn: Any = None,
    *,
    layers: bool = True,
    quiet: bool = False,
) -> Iterator[Watch]:
    """Watch what happens inside to a model that is trained by a loop of your own; nothing about it changes.

    The loss is heard where it is descended (`backward`), the steps where optimizers make them, the batches where the
    model is called. A loss function that is a module is listened to, so that losses without a gradient become
    `valid.loss`. Findings are told to the logger `kilter` as they arise, once each, and stand in `findings`.

    >>> import torch
    >>> model = torch.nn.Linear(2, 1)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> with watch(model, optimizer) as watching:
    ...     for _ in range(3):
    ...         optimizer.zero_grad()
    ...         model(torch.ones(4, 2)).square().mean().backward()
    ...         optimizer.step()
    >>> len(watching.history["train.loss"]), watching.findings
    (3, ())

    Args:
        model: what is trained.
        optimizer: what trains it, or several; None takes those that hold the model's parameters.
        loss_fn: the loss as a module, if there is one.
        layers: whether gradients, updates and activations of each layer are measured now and then.
        quiet: only record; nothing is told, and curves are judged where `findings` or `examination` are asked for.

    Raises:
        UsageError: what was given is no model or no optimizer.
    """
    optimizers = _several(model, optimizer)
    watching = Watch(layers=layers, quiet=quiet)
    try:
        with overhearing(model, optimizers, loss_fn, watching) as overheard:
            watching._overheard = overheard  # noqa: SLF001 - made here
            yield watching
    finally:
        watching.close()


def _several(model: Any, optimizer: Any) -> tuple[Any, ...]:
    if not callable(getattr(model, "named_parameters", None)):
        raise UsageError(
            f"{type(model).__name__} is no model",
            legal="`watch` takes the torch module that is trained",
            remedy="give the module first, then its optimizer",
        )
    optimizers = () if optimizer is None else (optimizer,) if hasattr(optimizer, "param_groups") else optimizer
    listed = tuple(optimizers) if isinstance(optimizers, Iterable) else (optimizers,)
    for one in listed:
        if not hasattr(one, "param_groups"):
            raise UsageError(
                f"{type(one).__name__} is no optimizer",
                legal="`watch` takes an optimizer of torch, several of them, or none",
                remedy="give the optimizer that steps, not a scheduler or a scaler",
            )
    return listed


def _tail(history: History) -> History:
    """The newest points of what live checks read; of the rate all, since a rise is one above everything before."""
    tail = History()
    for name in history.names:
        if name.startswith(_LAYERS):
            continue
        curve = history[name]
        start = 0 if name == LEARNING_RATE else max(0, len(curve) - TAIL)
        tail = tail.extend(curve.steps[start:], {name: curve.values[start:]})
    return tail


def _whereabouts(finding: Finding) -> str:
    return f"\n     Where: {', '.join(finding.where[:12])}" if finding.where else ""
