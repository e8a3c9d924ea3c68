"""A validation loss that was far lower before the end."""

from kilter.checks.program.fitting.rows_by_heart import RowsByHeart, _smoothed

from .programs import adam, bench_of, network


def test_a_training_that_goes_on_for_too_long_is_named():
    bench = bench_of(adam(1e-2), model=lambda: network(hidden=128), rows=48, batch_size=16, epochs=60, noise=2.5)
    found = list(RowsByHeart().examine(bench))
    assert [finding.causes[0] for finding in found] == ["overfitting"]
    assert found[0].evidence["train"] < found[0].evidence["lowest"] < found[0].evidence["last"]


def test_it_is_silent_where_validation_stays_good():
    assert list(RowsByHeart().examine(bench_of(adam(5e-3)))) == []


def test_one_bad_epoch_is_no_rise():
    assert _smoothed([1.0, 0.5, 0.4, 3.0, 0.4]) == [0.5, 0.5, 0.5, 0.4, 0.4]
