from kilter.training import clock
from kilter.training.clock import Clock, last_step, over, passed
from kilter.values.duration import Duration
from kilter.values.history import History

MINUTE = Duration.read("1min")


def of(*seconds):
    return History.of((step, {"clock.seconds": at}) for step, at in enumerate(seconds, start=1))


def test_it_counts_on_from_earlier_sittings(monkeypatch):
    now = 1000.0
    monkeypatch.setattr(clock.time, "perf_counter", lambda: now)
    running = Clock(50.0)
    assert running.seconds() == 50.0
    now += 9.0
    assert running.seconds() == 59.0


def test_an_interval_passes_once_however_long_a_step_takes():
    seconds = (10.0, 59.0, 60.0, 61.0, 250.0, 251.0)
    assert [passed(of(*seconds[:count]), MINUTE) for count in range(7)] == [
        False,
        False,
        False,
        True,
        False,
        True,
        False,
    ]
    assert passed(of(75.0), MINUTE)  # the first step of all may take longer than that
    assert not passed(of(10.0, 70.0), Duration.read("1st"))


def test_a_run_by_the_clock_ends_with_the_step_after_the_one_in_which_it_ran_out():
    assert not last_step(History(), MINUTE)
    assert not last_step(of(59.0), MINUTE)
    assert last_step(of(59.0, 60.0), MINUTE)
    assert over(of(59.0, 60.0), MINUTE) is None
    assert over(of(59.0, 60.0, 61.0), MINUTE).reason == "train.length = 1min has passed"
    assert not over(of(59.0, 60.0, 61.0), MINUTE).failed


def test_a_length_in_steps_is_none_of_its_business():
    assert over(of(1e9, 2e9), Duration.read("10st")) is None
    assert not last_step(of(1e9), Duration.read("10st"))
