from kilter.project.reason import Reason


def test_a_reason_is_a_sentence_and_a_way_out():
    reason = Reason(about="task", taken="regression", why="y holds fractions", otherwise="Else: `--set task=X`.")

    assert str(reason) == "task: regression, since y holds fractions. Else: `--set task=X`."
