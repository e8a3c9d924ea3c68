"""Values of the recipe that decide nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, final

from kilter.checks.preflight.bench import Bench
from kilter.checks.preflight.outputs import same
from kilter.checks.preflight.probe import Probe
from kilter.checks.wording import listed
from kilter.engine.schedules import curve
from kilter.values.errors import RecipeError
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.pipeline import Pipeline
from kilter.values.schedule import Plateau

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.values.batch import Batch
    from kilter.values.recipe import Recipe

LONGEST: Final = 10_000
"""Steps of a schedule that are compared at its beginning and at its end."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class InertHyperparameter(Probe):
    """A value that the recipe says of its optimizer, schedule or clipping changes the training when it is another one.

    **What it proves.** Somebody set a number that decides nothing: an optimizer of one's own reads it nowhere, a decay
    meets no parameter, a part of the schedule is shorter than a step, a bound on the gradient is never reached.

    **How.** Each number of the optimizer that was said is halved (one that is zero becomes a tenth), and `steps` steps
    are made from the same seed on the same rows with and without that: the weights are compared bit by bit. A
    schedule's rates are compared over the whole run. The bound on the gradient is compared with the norms that these
    steps met.

    **When it stays silent.** The weights differ, or the rates; nothing was said; the bound is below `slack` times the
    largest norm, since spikes are what it is for. Values that other values make idle by intention are found, too: then
    leave them out of the file. It is a warning for the optimizer, and a note for schedule and bound.

    **What it costs.** `steps` training steps for each number that was said of the optimizer, and as many once.

    **Source.** Values that are silently ignored are a common trap of configuration (Xu et al., SOSP 2013, on
    misconfiguration).
    """

    code: ClassVar[str] = "P114"
    name: ClassVar[str] = "inert-hyperparameter"
    steps: int = 3  # training steps of each short run; momentum shows at the second
    examples: int = 32  # rows a batch
    slack: float = 100.0  # times the largest gradient norm that was seen

    def probe(self, pipeline: Pipeline) -> Iterator[Finding | Skipped]:
        recipe = pipeline.recipe
        said = [name for name in recipe.optimizer.model_fields_set if name not in {"name", "learning_rate"}]
        schedule = [name for name in recipe.schedule.model_fields_set if name != "name"]
        clips = "clip_norm" in recipe.train.model_fields_set and recipe.train.clip_norm is not None
        if not (said or schedule or clips):
            yield Skipped(name=self.name, reason="nothing was said of optimizer, schedule or clipping")
            return
        bench = Bench(pipeline)
        batches = bench.batches(self.steps, self.examples)
        usual, norms = self._run(bench, batches)
        idle = []
        for name in sorted(said):
            other = _otherwise(recipe, f"optimizer.{name}", getattr(recipe.optimizer, name))
            if other is not None and _alike(usual, self._run(Bench(replace(pipeline, recipe=other)), batches)[0]):
                idle.append(f"optimizer.{name}")
        if idle:
            steps = f"{len(batches)} steps from the same seed give the same weights to the bit"
            yield self._finding(recipe, idle, Severity.WARNING, f"{steps} with another value", {"steps": len(batches)})
        still = [f"schedule.{name}" for name in sorted(schedule) if self._flat(pipeline, f"schedule.{name}")]
        if still:
            yield self._finding(
                recipe, still, Severity.NOTE, "the rate of every step is the same with another value", {}
            )
        largest = max(norms, default=math.nan)
        if clips and recipe.train.clip_norm is not None and recipe.train.clip_norm > self.slack * largest:
            seen = f"the largest norm of the gradient in {len(norms)} steps is {largest:.3g}"
            yield self._finding(recipe, ["train.clip_norm"], Severity.NOTE, seen, {"largest norm": largest})

    def _run(self, bench: Bench, batches: list[Batch]) -> tuple[dict[str, Tensor], list[float]]:
        model, optimizer = bench.made()
        norms = [bench.step(model, optimizer, batch).gradient_norm for batch in batches]
        return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}, norms

    def _flat(self, pipeline: Pipeline, path: str) -> bool:
        """Whether another value of a schedule gives the same rate at every step; a plateau's are decided on the way."""
        recipe, source = pipeline.recipe, pipeline.splits["train"]
        if recipe.train.length.is_clock or isinstance(recipe.schedule, Plateau):
            return False
        batches = len(source.plan(seed=recipe.train.seed, epoch=0))
        each = math.ceil(batches / recipe.batch.accumulate)
        total = recipe.train.length.steps(steps_per_epoch=each)
        value = getattr(recipe.schedule, path.removeprefix("schedule."))
        other = _otherwise(recipe, path, value)
        if other is None:
            return False
        steps = {*range(min(total, LONGEST)), *range(max(0, total - LONGEST), total)}
        ours, theirs = (curve(one.schedule, total=total, steps_per_epoch=each) for one in (recipe, other))
        return all(ours(step) == theirs(step) for step in steps)

    def _finding(
        self, recipe: Recipe, paths: list[str], severity: Severity, seen: str, evidence: dict[str, object]
    ) -> Finding:
        values = {path: _value(recipe, path) for path in paths}
        return Finding(
            code=self.code,
            name=self.name,
            severity=severity,
            strength=Strength.PROVED,
            seen=f"{listed([f'{path} = {value}' for path, value in values.items()])} decides nothing: {seen}.",
            advice="Leave it out, or see why it cannot take effect.",
            causes=("inert_hyperparameter",),
            where=tuple(paths),
            evidence={**values, **evidence},
        )


def _value(recipe: Recipe, path: str) -> Any:
    section, name = path.split(".")
    value = getattr(getattr(recipe, section), name)
    return value if isinstance(value, bool | int | float) else str(value)


def _otherwise(recipe: Recipe, path: str, value: Any) -> Recipe | None:
    """The recipe with another number there; None where it is no number, or no other one is legal."""
    if isinstance(value, bool):
        other: Any = not value
    elif isinstance(value, int | float):
        other = value / 2 if value else 0.1
    else:
        unit, amount = getattr(value, "unit", None), getattr(value, "amount", None)
        if unit is None or not amount:  # a warm-up of no steps was said so
            return None
        other = f"{2 * amount if unit != '%' else amount / 2:g}{unit}"
    try:
        return recipe.replace(path, other)
    except RecipeError:
        return None


def _alike(left: dict[str, Tensor], right: dict[str, Tensor]) -> bool:
    return all(same(tensor, right[name]) for name, tensor in left.items())
