"""What mends a cause, as a change of the program's training that can be tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, final

import torch

from kilter.checks.persons_code import persons_code
from kilter.checks.program.fitting.changes import (
    WITHOUT_DROPOUT,
    clipped,
    merged,
    scaled,
    split,
    warmed_up,
    with_momentum,
    with_setting,
)
from kilter.checks.program.fitting.plan import ordinary_norm, planned
from kilter.checks.program.fitting.short_runs import short_run
from kilter.checks.program.mending import (
    ACTIVATED,
    BATCH_FIRST,
    DRAWN_AGAIN,
    FINITE,
    IN_32_BITS,
    SHUFFLED,
    SIGMOID_AT_THE_END,
    USUAL_STATISTICS,
    in_plain_order,
    of_unit_spread,
    rescaled,
    standardised,
    with_all_parameters,
    with_gradients,
    with_relu_inside,
    without_last_activation,
)
from kilter.checks.program.other_data import balanced, dealt_anew, evaluated, read_alike
from kilter.checks.program.own_loss import own_loss
from kilter.checks.program.trials import AS_IT_IS, Change
from kilter.engine.trees import leaves, size

if TYPE_CHECKING:
    from kilter.checks.program.bench import Bench
    from kilter.engine.programs import Made
    from kilter.values.finding import Finding
    from kilter.values.program import Program


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """A change that ought to bring the program back.

    Attributes:
        change: what is done otherwise.
        share: of the program's epochs.
        program: in the place of the program itself, where its validation or its data are other ones.
    """

    change: Change
    share: float = 1.0
    program: Program | None = None


Maker: TypeAlias = "Callable[[Bench, Finding], Remedy | None]"


def remedy_for(bench: Bench, finding: Finding) -> Remedy | None:
    """The remedy for the first cause of a finding; None where none is known that can be tried from outside."""
    maker = REMEDIES.get(finding.causes[0]) if finding.causes else None
    return None if maker is None else maker(bench, finding)


def _always(change: Change) -> Maker:
    return lambda _bench, _finding: Remedy(change=change)


def _plain(bench: Bench, _finding: Finding) -> Remedy:
    return Remedy(change=in_plain_order(bench.program))


def _training(bench: Bench, _finding: Finding) -> Remedy:
    return Remedy(change=in_plain_order(bench.program, training=True, name="in training mode"))


def _all(bench: Bench, _finding: Finding) -> Remedy:
    return Remedy(change=with_all_parameters(bench.program))


def _task_loss(bench: Bench, _finding: Finding) -> Remedy:
    loss_of = own_loss(bench.program, bench.roles)
    return Remedy(change=in_plain_order(bench.program, loss_of=loss_of, name="with the task's own loss"))


def _bare_output(bench: Bench, _finding: Finding) -> Remedy:
    return Remedy(change=without_last_activation(bench.program, own_loss(bench.program, bench.roles)))


def _shorter(bench: Bench, finding: Finding) -> Remedy:
    """As much shorter as brings the loss down furthest in the first steps."""
    told = finding.evidence.get("scale")
    scales = [told] if isinstance(told, float) else [0.3, 0.1, 0.03, 0.01]
    best = max(scales, key=lambda scale: short_run(bench, scaled(scale), steps=40).fall)
    return Remedy(change=scaled(best))


def _longer(bench: Bench, _finding: Finding) -> Remedy:
    """As much longer as brings the loss down furthest in the first steps."""
    length = planned(bench).travel / (planned(bench).updates or 3000)
    usual = max(10.0, 0.01 / length) if length > 0 else 10.0
    best = max((0.1 * usual, 0.3 * usual, usual), key=lambda times: short_run(bench, scaled(times), steps=40).fall)
    return Remedy(change=scaled(best))


def _more_epochs(bench: Bench, _finding: Finding) -> Remedy:
    """At least so many updates as small networks need; not more than thirty times the epochs."""
    updates = planned(bench).updates or 100
    return Remedy(change=AS_IT_IS, share=min(30.0, max(3.0, round(200 / updates))))


def _early_stop(bench: Bench, finding: Finding) -> Remedy | None:
    epoch, epochs = finding.evidence.get("epoch"), bench.program.epochs
    if epochs is None:
        return None
    reported = [loss for loss, _ in bench.trial().reported]
    best = epoch if isinstance(epoch, int) else reported.index(min(reported)) + 1 if reported else None
    return None if best is None else Remedy(change=AS_IT_IS, share=best / epochs)


def _clipped(bench: Bench, _finding: Finding) -> Remedy:
    return Remedy(change=clipped(ordinary_norm(bench)))


def _grown(bench: Bench, _finding: Finding) -> Remedy:
    return Remedy(change=warmed_up(max(10, (planned(bench).updates or 100) // 10)))


def _mean_loss(bench: Bench, _finding: Finding) -> Remedy:
    rows = size(bench.recording.steps[0].batch) or 1
    return Remedy(change=with_gradients("with gradients of the mean", lambda gradient: gradient / rows))


def _standardised(bench: Bench, _finding: Finding) -> Remedy | None:
    if not bench.roles.inputs:
        return None
    rows = bench.gathered(bench.roles.inputs[0])
    if rows is None or not rows.is_floating_point():
        return None
    return Remedy(change=standardised(rows.mean(0), rows.std(0).clamp_min(1e-6)))


def _rescaled(bench: Bench, _finding: Finding) -> Remedy | None:
    steps = bench.recording.steps
    targets = [leaves(steps[0].batch).get(path) for path in bench.roles.targets] if steps else []
    if not targets or targets[0] is None:
        return None
    rows = bench.gathered(bench.roles.targets[0])
    return None if rows is None else Remedy(change=rescaled(float(rows.float().mean()), float(rows.float().std())))


def _unit_spread(bench: Bench, _finding: Finding) -> Remedy:
    return Remedy(change=of_unit_spread(_probe(bench)))


def _unit_outputs(bench: Bench, _finding: Finding) -> Remedy:
    return Remedy(change=of_unit_spread(_probe(bench), last=True))


def _rectifiers(bench: Bench, _finding: Finding) -> Remedy:
    return Remedy(change=with_relu_inside(_probe(bench)))


def _probe(bench: Bench) -> Callable[[Made], object]:
    """Calls a model as its first step did."""
    call = bench.recording.steps[0].calls[-1]

    def probe(made: Made) -> object:
        with torch.no_grad(), persons_code("Calling the model"):
            return made.model(*call.arguments, **call.keywords)

    return probe


def _evaluated(bench: Bench, _finding: Finding) -> Remedy:
    change = Change(name="as it is, validated in evaluation mode")
    return Remedy(change=change, program=evaluated(bench.program))


def _read_alike(bench: Bench, _finding: Finding) -> Remedy | None:
    if not bench.roles.inputs:
        return None
    change = Change(name="as it is, with validation inputs as training has them")
    return Remedy(change=change, program=read_alike(bench.program, bench.roles.inputs[0]))


def _dealt_anew(bench: Bench, _finding: Finding) -> Remedy:
    return Remedy(change=Change(name="as it is, on rows that are split at random"), program=dealt_anew(bench.program))


def _balanced(bench: Bench, _finding: Finding) -> Remedy | None:
    if not bench.roles.targets:
        return None
    change = Change(name="as it is, with classes drawn equally often")
    return Remedy(change=change, program=balanced(bench.program, bench.roles.targets[0]))


REMEDIES: Final[Mapping[str, Maker]] = {
    "missing_zero_grad": _plain,
    "missing_backward": _plain,
    "no_optimizer_step": _plain,
    "zero_grad_after_backward": _plain,
    "grad_clip_too_small": _plain,
    "amp_unscaled_clip": _plain,
    "grad_accum_unscaled": _plain,
    "scheduler_per_batch": _plain,
    "lr_decayed_too_early": _plain,
    "warmup_longer_than_run": _plain,
    "train_in_eval_mode": _training,
    "optimizer_missing_group": _all,
    "optimizer_wrong_params": _all,
    "optimizer_duplicate_param": _all,
    "unintended_frozen_layer": _all,
    "lr_too_high": _shorter,
    "lr_too_low": _longer,
    "too_few_epochs": _more_epochs,
    "overfitting": _early_stop,
    "weight_decay_too_high": _always(with_setting("weight_decay", 0.0)),
    "momentum_too_high": _always(with_momentum(0.9)),
    "adam_eps_wrong": _always(with_setting("eps", 1e-8)),
    "dropout_too_high": _always(WITHOUT_DROPOUT),
    "batch_too_small": _always(merged(16)),
    "bn_tiny_batch": _always(merged(16)),
    "batch_too_large": _always(split(8)),
    "missing_grad_clip": _clipped,
    "exploding_gradient": _always(DRAWN_AGAIN),
    "vanishing_gradient": _rectifiers,
    "low_precision_update": _always(IN_32_BITS),
    "eval_in_train_mode": _evaluated,
    "val_preprocess_mismatch": _read_alike,
    "unshuffled_split": _dealt_anew,
    "distribution_shift": _dealt_anew,
    "imbalance_zero_recall": _balanced,
    "missing_warmup": _grown,
    "loss_sign_flipped": _always(with_gradients("with gradients turned round", lambda gradient: -gradient)),
    "loss_sum_reduction": _mean_loss,
    "double_softmax": _task_loss,
    "double_sigmoid": _bare_output,
    "nll_without_log_softmax": _task_loss,
    "wrong_loss_for_task": _task_loss,
    "broadcast_shape_mismatch": _task_loss,
    "ignore_index_collision": _task_loss,
    "labels_out_of_range": _task_loss,
    "padding_not_masked_in_loss": _task_loss,
    "auxiliary_loss_dominates": _task_loss,
    "loss_clipped": _task_loss,
    "loss_detached": _task_loss,
    "relu_on_output": _bare_output,
    "output_range_mismatch": _bare_output,
    "softmax_single_unit": _always(SIGMOID_AT_THE_END),
    "wrong_softmax_dim": _bare_output,
    "no_shuffle_sorted": _always(SHUFFLED),
    "nan_in_data": _always(FINITE),
    "unnormalized_input": _standardised,
    "unnormalized_target": _rescaled,
    "dead_relu": _always(DRAWN_AGAIN),
    "constant_init": _always(DRAWN_AGAIN),
    "bad_output_init": _unit_outputs,
    "saturated_activation": _unit_spread,
    "bn_stats_stale": _always(USUAL_STATISTICS),
    "batch_dim_mixing": _always(BATCH_FIRST),
    "missing_activation": _always(ACTIVATED),
}
"""By cause; of what is wrong in the data itself or in how a model computes, little can be taken back from outside."""
