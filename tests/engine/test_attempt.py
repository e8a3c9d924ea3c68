"""Both kinds of subject are begun by one call, and answer all that finders ask."""

import gc
import inspect
import weakref

from kilter.engine.attempt import Attempt, begin
from kilter.engine.attempt_of_pipeline import PipelineAttempt
from kilter.engine.attempt_of_program import ProgramAttempt


def members(kind):
    return {name for name in vars(kind) if not name.startswith("_")}


def test_a_pipeline_and_a_program_are_begun_each_in_its_own_way(make_pipeline, program_called):
    assert isinstance(begin(make_pipeline()), PipelineAttempt)
    assert isinstance(begin(program_called("plain")), ProgramAttempt)


def test_both_have_what_is_promised_and_no_more(make_pipeline, program_called):
    promised = members(Attempt)
    for attempt in (begin(make_pipeline()), begin(program_called("plain"))):
        public = members(type(attempt)) | {name for name in vars(attempt) if not name.startswith("_")}
        assert public == promised
        for name in promised:
            said = inspect.getattr_static(Attempt, name)
            if inspect.isfunction(said):
                given = inspect.signature(getattr(type(attempt), name)).parameters
                assert list(given) == list(inspect.signature(said).parameters)


def test_a_model_goes_with_its_attempt(make_pipeline, program_called):
    """Finders begin many; waiting for the garbage collector, their models would fill the memory that is measured."""
    gc.disable()
    try:
        for subject in (make_pipeline(), program_called("plain"), program_called("scheduled")):
            attempt = begin(subject)
            attempt.step()
            model = weakref.ref(attempt.model)
            del attempt
            assert model() is None
    finally:
        gc.enable()
