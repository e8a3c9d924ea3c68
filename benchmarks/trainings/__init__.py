from __future__ import annotations

from trainings import good_odd, good_plain, held_out_tells, not_falling, rates, wild

CASES = (*not_falling.CASES, *wild.CASES, *held_out_tells.CASES, *rates.CASES, *good_plain.CASES, *good_odd.CASES)
