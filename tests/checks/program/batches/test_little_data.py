"""Too few training rows."""

from torch import nn

from kilter.checks.program.batches.little_data import LittleData


def test_forty_rows_of_ten_classes(make, look, sets):
    x, y, *valid = sets["digits"]()
    found, _ = look(LittleData(), make((x[:40], y[:40], *valid), batch=8))
    assert found[0].causes[0] == "too_little_data"
    assert found[0].evidence["with_more"] > found[0].evidence["alone"]


def test_silent_where_more_rows_would_not_help(make, alarms, sets, parts):
    assert alarms(LittleData(), make(sets["digits"]())) == []
    x, y, *valid = sets["cancer"]()
    assert alarms(LittleData(), make((x[:60], y[:60], *valid), batch=8)) == []
    x, y, *valid = sets["diabetes"]()
    about = {"loss_fn": nn.MSELoss(), "task": "regression", "validate": parts["explained"]}
    assert alarms(LittleData(), make((x[:150], y[:150], *valid), lambda: parts["mlp"](10, 1), **about)) == []
