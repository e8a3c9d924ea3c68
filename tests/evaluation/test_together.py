"""Two traits together: found where only both of them are worse, and not where one of them is."""

import numpy as np
import pytest
from scipy.stats import fisher_exact, hypergeom, mannwhitneyu

from kilter.evaluation.together import CLEAR, together
from kilter.evaluation.traits import Trait

N = 1_200


def halves(count=6, seed=0):
    draw = np.random.default_rng(seed)
    return [Trait(f"t{at}", f"it has t{at}", draw.random(N) < 0.5, of=f"t{at}") for at in range(count)]


@pytest.mark.parametrize("binary", [True, False])
def test_a_pair_that_is_worse_than_either_is_found(binary):
    found, draw = halves(), np.random.default_rng(1)
    both = found[1].inside & found[4].inside
    merit = (draw.random(N) > 0.05 + 0.4 * both) * 1.0 if binary else draw.standard_t(3, N) - 1.5 * both
    pairs = together(found, merit, fewest=20, level=0.01)
    assert [trait.name for trait in pairs.traits] == ["t1 and t4"]
    assert (pairs.traits[0].inside == both).all()
    assert pairs.traits[0].said == "it has t1 and it has t4"
    assert pairs.looked_at == 15


@pytest.mark.parametrize("binary", [True, False])
def test_one_trait_that_is_worse_makes_no_pair(binary):
    for seed in range(10):
        found, draw = halves(seed=seed), np.random.default_rng(seed)
        merit = (
            (draw.random(N) > 0.1 + 0.3 * found[0].inside) * 1.0 if binary else draw.normal(size=N) - found[0].inside
        )
        assert not together(found, merit, fewest=20, level=0.01).traits


def test_p_values_are_those_of_the_largest_of_three_exact_tests_times_the_pairs():
    found, draw = halves(3), np.random.default_rng(5)
    one, other = found[0].inside, found[2].inside
    both = one & other
    merit = (draw.random(N) > 0.1 + 0.15 * both) * 1.0
    (p,) = together(found, merit, fewest=20, level=0.5).p_values
    wrong = merit == 0

    def exact(of):
        return hypergeom.sf((wrong & both).sum() - 1, of.sum(), (wrong & of).sum(), both.sum())

    assert p == pytest.approx(3 * max(exact(one), exact(other), exact(np.ones(N, bool))))
    inside = [(wrong & both).sum(), (~wrong & both).sum()]
    beside = [(wrong & one & ~both).sum(), (~wrong & one & ~both).sum()]
    assert exact(one) == pytest.approx(fisher_exact([inside, beside], alternative="greater").pvalue)


def test_of_other_merits_ranks_are_compared():
    found, draw = halves(2), np.random.default_rng(6)
    one, other = found[0].inside, found[1].inside
    both = one & other
    merit = np.round(draw.standard_t(2, N), 1) - 0.6 * both
    (p,) = together(found, merit, fewest=20, level=0.5).p_values

    def within(of):  # the ranks of all examples, not of those in `of` only: alike, not equal
        return mannwhitneyu(merit[both], merit[of & ~both], alternative="less", use_continuity=False).pvalue

    expected = max(within(one), within(other), within(np.ones(N, bool)))
    assert np.log10(p) == pytest.approx(np.log10(expected), abs=0.5)


@pytest.mark.parametrize("binary", [True, False])
def test_chance_alone_makes_hardly_any(binary):
    hits = 0
    for seed in range(60):
        draw = np.random.default_rng(seed)
        merit = (draw.random(N) > 0.2) * 1.0 if binary else -draw.lognormal(sigma=2, size=N)
        hits += bool(together(halves(10, seed), merit, fewest=20, level=0.05).traits)
    assert hits <= 6  # 3 at most are expected of a test at its level


def test_pairs_of_one_thing_and_small_ones_are_not_looked_at():
    draw = np.random.default_rng(0)
    size = draw.random(N)
    cuts = [Trait(f"size > {cut}", "", size > cut, of="size") for cut in (0.4, 0.5, 0.6)]
    few = Trait("few", "", size < 0.01, of="few")
    merit = (draw.random(N) > 0.2) * 1.0
    assert together([*cuts, few], merit, fewest=20, level=1.0).looked_at == 0
    assert together([], merit, fewest=20, level=1.0).looked_at == 0


def test_what_is_hidden_of_one_is_hidden_of_both():
    found, draw = halves(2), np.random.default_rng(1)
    found[0] = found[0]._replace(masked="a word of 3")
    both = found[0].inside & found[1].inside
    (pair,) = together(found, (draw.random(N) > 0.05 + 0.5 * both) * 1.0, fewest=20, level=0.01).traits
    assert pair.masked == "a word of 3 and t1"


def test_the_threshold_before_the_exact_test_lies_below_every_level_that_is_reached():
    from scipy.stats import norm

    assert norm.sf(CLEAR) > 0.005  # pairs that are not tested could not have been reported
