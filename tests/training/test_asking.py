from kilter.training.asking import ask, ask_again, latest
from kilter.training.events import Evaluated, Finished, StepDone, Stop
from kilter.training.rows import record
from kilter.values.finding import Finding, Severity
from kilter.values.history import History


def finding(code, seen="s"):
    return Finding(code=code, name="x", severity=Severity.NOTE, seen=seen, advice="a")


def test_hooks_are_asked_once_and_the_first_stop_counts():
    answers = [None, Stop("first"), finding("C1"), Stop("second")]
    hooks = [lambda _event, _history, answer=answer: answer for answer in answers]
    assert ask(hooks, Finished(0, ""), History()) == (Stop("first"), (finding("C1"),))


def test_a_wish_to_stop_at_the_last_step_is_remembered_and_so_is_what_its_evaluation_found():
    step, evaluated = StepDone(3, 0, 0.5, 1.0, 0.1, True), Evaluated(3, 0, "valid", {"loss": 0.4})
    history = record(evaluated, record(step, History(), 1.0), 1.0)

    def at_the_step(event, _history):
        return Stop("enough") if isinstance(event, StepDone) else None

    def counting(event, shown):
        return finding("C1", f"{len(shown)} rows") if isinstance(event, Evaluated) else finding("C1", "early")

    assert ask_again((at_the_step, counting), history) == (Stop("enough"), (finding("C1", "2 rows"),))
    assert ask_again((at_the_step, counting), History()) == (None, ())


def test_the_later_finding_of_a_code_counts():
    before, after = finding("C1", "early"), finding("C1", "late")
    assert latest((before, finding("C2")), (after,)) == (after, finding("C2"))
