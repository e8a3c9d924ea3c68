"""Checks of pipelines, before compute is spent."""

from kilter.checks.check import Check
from kilter.checks.preflight.accumulated_loss import AccumulatedLoss
from kilter.checks.preflight.batch_independence import BatchIndependence
from kilter.checks.preflight.evaluation_mode import EvaluationMode
from kilter.checks.preflight.future_independence import FutureIndependence
from kilter.checks.preflight.gradients import Gradients
from kilter.checks.preflight.inert_hyperparameter import InertHyperparameter
from kilter.checks.preflight.initial_loss import InitialLoss
from kilter.checks.preflight.inputs_matter import InputsMatter
from kilter.checks.preflight.loss_adds_up import LossAddsUp
from kilter.checks.preflight.movement import Movement
from kilter.checks.preflight.optimizer_membership import OptimizerMembership
from kilter.checks.preflight.output_form import OutputForm
from kilter.checks.preflight.overfit_one_batch import OverfitOneBatch
from kilter.checks.preflight.padding_independence import PaddingIndependence
from kilter.checks.preflight.strayed_parameters import StrayedParameters
from kilter.values.pipeline import Pipeline

PREFLIGHT_CHECKS: tuple[Check[Pipeline], ...] = (
    InitialLoss(),
    OverfitOneBatch(),
    BatchIndependence(),
    PaddingIndependence(),
    Gradients(),
    OptimizerMembership(),
    Movement(),
    InputsMatter(),
    EvaluationMode(),
    OutputForm(),
    LossAddsUp(),
    StrayedParameters(),
    FutureIndependence(),
    InertHyperparameter(),
    AccumulatedLoss(),
)
