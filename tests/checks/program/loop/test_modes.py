"""Parts that look at the mode."""

from torch import nn

from kilter.checks.program.loop.modes import dependent, mode_matters


def dropping(share):
    return lambda: nn.Sequential(nn.Linear(6, 12), nn.Dropout(share), nn.Linear(12, 3))


def test_whether_the_mode_matters(bench_of):
    for network, matters in ((dropping(0.5), True), (dropping(0.0), False), (lambda: nn.Linear(6, 3), False)):
        bench = bench_of(network=network)
        assert mode_matters(bench, bench.made(), bench.batches(1)[0]) is matters


def test_layers_that_look_at_it():
    net = nn.Sequential(nn.BatchNorm1d(4), nn.Dropout(0.0), nn.Dropout(0.1), nn.LayerNorm(4), nn.InstanceNorm1d(4))
    assert dependent(net) == ["0", "2"]
