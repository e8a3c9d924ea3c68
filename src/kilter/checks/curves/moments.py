"""Which checks of curves are asked when: at a step, or once a run has ended; and which hang on layer statistics."""

from __future__ import annotations

from typing import Final

from kilter.checks.check import Check
from kilter.checks.curves.attention_collapse import AttentionCollapse
from kilter.checks.curves.dead_layers import DeadLayers
from kilter.checks.curves.frozen_midway import FrozenMidway
from kilter.checks.curves.gradient_depth import GradientDepth
from kilter.checks.curves.loss_spike import LossSpike
from kilter.checks.curves.not_a_number import NotANumber
from kilter.checks.curves.odd_batch import OddBatch
from kilter.checks.curves.rate_jump import RateJump
from kilter.checks.curves.repeated_batch import RepeatedBatch
from kilter.checks.curves.saturated_layers import SaturatedLayers
from kilter.checks.curves.schedule_length import ScheduleLength
from kilter.checks.curves.settled_high import SettledHigh
from kilter.checks.curves.slow_learning import SlowLearning
from kilter.checks.curves.still_improving import StillImproving
from kilter.checks.curves.still_layers import StillLayers
from kilter.checks.curves.update_size import UpdateSize
from kilter.checks.curves.weights_shrink import WeightsShrink
from kilter.values.history import History

AT_THE_END: Final[tuple[Check[History], ...]] = (StillImproving(), SlowLearning(), ScheduleLength(), SettledHigh())
"""Those that judge how a run ended: they are asked at its end only."""

LIVE_CHECKS: Final[tuple[Check[History], ...]] = (
    NotANumber(),
    LossSpike(),
    RateJump(),
    RepeatedBatch(),
    FrozenMidway(),
    OddBatch(),
)
"""Those that find what one step did, as soon as the next few are recorded; the newest points are enough for them."""

LAYER_CHECKS: Final[tuple[Check[History], ...]] = (
    GradientDepth(),
    DeadLayers(),
    SaturatedLayers(),
    StillLayers(),
    AttentionCollapse(),
    UpdateSize(),
    WeightsShrink(),
)
"""Those that look at what was measured in layers; when that was hangs on the clock."""
