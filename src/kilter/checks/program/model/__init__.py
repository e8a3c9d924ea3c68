"""Checks of a person's program: the model."""

from kilter.checks.program.model.affine_network import AffineNetwork
from kilter.checks.program.model.collapsed_attention import CollapsedAttention
from kilter.checks.program.model.dead_units import DeadUnits
from kilter.checks.program.model.exploding_gradient import ExplodingGradient
from kilter.checks.program.model.future_seen import FutureSeen
from kilter.checks.program.model.ignored_input import IgnoredInput
from kilter.checks.program.model.padding_seen import PaddingSeen
from kilter.checks.program.model.rows_mixed import RowsMixed
from kilter.checks.program.model.saturated_units import SaturatedUnits
from kilter.checks.program.model.stale_statistics import StaleStatistics
from kilter.checks.program.model.symmetric_units import SymmetricUnits
from kilter.checks.program.model.tiny_norm_batches import TinyNormBatches
from kilter.checks.program.model.vanishing_gradient import VanishingGradient
from kilter.checks.program.probe import ProgramProbe

MODEL_CHECKS: tuple[ProgramProbe, ...] = (
    RowsMixed(),
    PaddingSeen(),
    FutureSeen(),
    DeadUnits(),
    SaturatedUnits(),
    VanishingGradient(),
    SymmetricUnits(),
    AffineNetwork(),
    ExplodingGradient(),
    StaleStatistics(),
    TinyNormBatches(),
    CollapsedAttention(),
    IgnoredInput(),
)
