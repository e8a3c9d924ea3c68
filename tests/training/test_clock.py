from kilter.training import clock
from kilter.training.clock import Clock
from kilter.values.duration import Duration


def test_it_counts_on_from_earlier_sittings_and_says_when_it_is_over(monkeypatch):
    now = 1000.0
    monkeypatch.setattr(clock.time, "perf_counter", lambda: now)
    running = Clock(50.0)
    assert running.seconds() == 50.0
    now += 9.0
    assert running.seconds() == 59.0
    assert running.stop(Duration.read("1min")) is None
    now += 1.0
    assert running.stop(Duration.read("1min")).reason == "train.length = 1min has passed"
    assert not running.stop(Duration.read("1min")).failed


def test_a_length_in_steps_is_none_of_its_business(monkeypatch):
    assert Clock(1e9).stop(Duration.read("10st")) is None
