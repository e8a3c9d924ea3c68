import pytest

from kilter.testing.healthy.tasks import HEALTHY_TASKS
from kilter.testing.tasks import task_conforms


@pytest.mark.parametrize("subject", HEALTHY_TASKS, ids=lambda subject: subject.name)
def test_every_task_keeps_to_what_tasks_keep_to(subject):
    task_conforms(subject)


def test_names_are_different():
    assert len({subject.name for subject in HEALTHY_TASKS}) == len(HEALTHY_TASKS)
