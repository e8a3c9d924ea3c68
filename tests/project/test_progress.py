from kilter.project.flow import run_project
from kilter.project.progress import Silence
from kilter.training.events import Evaluated, Finished, StepDone


class Listener:
    """Notes what it is told."""

    def __init__(self):
        self.told = []
        self.events = []

    def began(self, stage):
        self.told.append(f"began {stage}")

    def planned(self, steps, seconds=None):
        self.told.append(f"planned {steps}")

    def see(self, event, history):
        self.events.append(event)
        assert history.step == event.step

    def flush(self):
        self.told.append("flush")

    def ended(self, stage):
        self.told.append(f"ended {stage.name}: {stage.status}")


def test_it_is_told_what_happens_in_order(small, tmp_path):
    listener = Listener()
    run_project(small, runs=tmp_path, stages=("audit", "train"), progress=listener)

    told = [word for word in listener.told if word != "flush"]
    assert told == ["began audit", "ended audit: done", "began train", "planned 36", "ended train: done"]
    assert "flush" in listener.told
    assert sum(isinstance(event, StepDone) for event in listener.events) == 36
    assert sum(isinstance(event, Evaluated) for event in listener.events) == 4  # one before the first step
    assert isinstance(listener.events[-1], Finished)


def test_silence_says_nothing(small, tmp_path, capfd):
    run_project(small, runs=tmp_path, stages=("audit", "train"), progress=Silence())

    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")
