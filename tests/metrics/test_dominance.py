import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kilter.metrics.dominance import almost_stochastic_order, violation_ratio

scores = st.lists(st.integers(-5, 5), min_size=1, max_size=6)


def quantile(values, p):
    """The smallest value with at least a share p below or at it."""
    ordered = sorted(values)
    return ordered[max(0, int(np.ceil(len(ordered) * p)) - 1)]


def on_a_grid(first, second, cells):
    """The two integrals of Dror et al. by the midpoint rule, as the published implementations take them."""
    against = whole = 0.0
    for p in (np.arange(cells) + 0.5) / cells:
        above = quantile(second, p) - quantile(first, p)
        whole += above**2 / cells
        against += max(above, 0) ** 2 / cells
    return against / whole if whole else 0.5


@settings(deadline=None, max_examples=60)
@given(scores, scores)
def test_the_ratio_is_the_integral_over_quantiles(first, second):
    assert violation_ratio(first, second) == pytest.approx(on_a_grid(first, second, 60), abs=1e-9)  # 60 = lcm(1..6)


@settings(deadline=None, max_examples=60)
@given(scores, scores, st.sampled_from([1e-150, 1.0, 1e100]))
def test_the_two_ratios_add_up_to_one_in_any_unit(first, second, unit):
    there, back = violation_ratio(first, second), violation_ratio(second, first)
    assert there + back == pytest.approx(1.0)
    assert violation_ratio(np.array(first) * unit, np.array(second) * unit) == pytest.approx(there)


def test_the_bound_is_the_published_formula():
    draw = np.random.default_rng(0)
    first, second = draw.normal(0.4, 1, 8), draw.normal(0, 1.3, 6)
    ratio = on_a_grid(first, second, 24)
    factor = np.sqrt(8 * 6 / (8 + 6))
    resampled = [on_a_grid(draw.choice(first, 8), draw.choice(second, 6), 24) for _ in range(2000)]
    sigma = np.std(factor * (np.array(resampled) - ratio))
    expected = min(1, max(0, ratio - sigma * stats.norm.ppf(0.05) / factor))
    order = almost_stochastic_order(first, second)
    assert order.ratio == pytest.approx(ratio)
    assert 0 < order.spread < 0.02
    assert order.bound == pytest.approx(expected, abs=0.03)
    assert order.bound > order.ratio
    assert almost_stochastic_order(first, second, level=0.2).bound < order.bound
    assert almost_stochastic_order(first, second) == order  # the seed is fixed


def test_clear_order_and_none_at_all():
    above, below = [0.9, 0.92, 0.95], [0.7, 0.72, 0.8]
    assert almost_stochastic_order(above, below).bound == 0
    assert almost_stochastic_order(below, above).bound == 1
    same = almost_stochastic_order([0.5, 0.5], [0.5, 0.5])
    assert (same.ratio, same.bound) == (0.5, 0.5)


@pytest.mark.parametrize(("first", "met"), [([1.0], "first holds 1 scores"), ([1.0, np.inf], "first holds 1 values")])
def test_order_refuses(first, met):
    with pytest.raises(ValueError, match=met):
        almost_stochastic_order(first, [1.0, 2.0])
    with pytest.raises(ValueError, match="1 or more are legal"):
        violation_ratio([], [1.0])
