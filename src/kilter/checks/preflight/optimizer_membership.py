"""The optimizer holds what is to be learnt: all of it, once, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.preflight.bench import Bench
from kilter.checks.preflight.probe import Probe
from kilter.checks.wording import counted, listed, percent, shown
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.pipeline import Pipeline


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerMembership(Probe):
    """The optimizer holds exactly the trainable parameters of the model, each once.

    **What it proves.** A trainable parameter that the optimizer does not hold stays as it was drawn; one that it holds
    twice is moved twice; a tensor that is none of the model's is trained for nothing, as after the model was made
    anew, or moved, once the optimizer stood.

    **How.** The tensors in the optimizer's groups are compared with the model's parameters, by identity. Tied weights
    are one tensor.

    **When it stays silent.** Both sets are the same; frozen parameters may be in it or not. Frozen ones are a note,
    since freezing is a way of working. It is a failure if no parameter of the model is in it.

    **What it costs.** Making a model and its optimizer.
    """

    code: ClassVar[str] = "P106"
    name: ClassVar[str] = "optimizer-membership"

    def probe(self, pipeline: Pipeline) -> Iterator[Finding | Skipped]:
        bench = Bench(pipeline)
        model = bench.model()
        names = {id(parameter): name for name, parameter in model.named_parameters()}
        trained = {id(parameter) for parameter in model.parameters() if parameter.requires_grad}
        if not trained:
            yield Skipped(name=self.name, reason="the model has no trainable parameter")
            return
        held = Counter(id(p) for group in bench.optimizer(model).param_groups for p in group["params"])
        if not held.keys() & trained:
            yield self._finding(
                Severity.FAILURE,
                f"The optimizer holds {counted(len(held), 'tensor')}, and none of them is a trainable parameter of the"
                f" model, which has {len(trained)}.",
                "Make the optimizer from `model.parameters()` of the model that is trained, after it was moved.",
                ("optimizer_wrong_params",),
                [],
            )
            return
        if missing := [names[key] for key in names if key in trained - held.keys()]:
            share = sum(p.numel() for p in model.parameters() if id(p) in trained - held.keys())
            whole = sum(p.numel() for p in model.parameters() if id(p) in trained)
            yield self._finding(
                Severity.WARNING,
                f"{counted(len(missing), 'trainable parameter')} ({percent(share / whole)} of their numbers) are not in"
                f" the optimizer: {listed(missing)}.",
                "Give them to the optimizer, or freeze them with `requires_grad_(False)` if they are to stay.",
                ("optimizer_missing_group", "optimizer_wrong_params"),
                missing,
            )
        if twice := [names.get(key, "a tensor outside the model") for key, count in held.items() if count > 1]:
            yield self._finding(
                Severity.WARNING,
                f"{counted(len(twice), 'parameter')} stand in the optimizer more than once: {listed(twice)}.",
                "List each parameter in one group.",
                ("optimizer_duplicate_param",),
                twice,
            )
        if strangers := len(held.keys() - names.keys()):
            yield self._finding(
                Severity.WARNING,
                f"The optimizer holds {counted(strangers, 'tensor')} that the model does not have.",
                "Make the optimizer from the model that is trained; register what is to be learnt as its parameter.",
                ("optimizer_wrong_params", "unregistered_module"),
                [],
            )
        if frozen := [names[key] for key in names if key not in trained]:
            yield self._finding(
                Severity.NOTE,
                f"{counted(len(frozen), 'parameter')} of {len(names)} are frozen: {listed(frozen)}.",
                "Nothing, if they are meant to stay as they are.",
                ("unintended_frozen_layer",),
                frozen,
            )

    def _finding(
        self, severity: Severity, seen: str, advice: str, causes: tuple[str, ...], names: Sequence[str]
    ) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=severity,
            strength=Strength.PROVED,
            seen=seen,
            advice=advice,
            causes=causes,
            where=shown(names),
            evidence={"parameters": list(names[:50]), "count": len(names)},
        )
