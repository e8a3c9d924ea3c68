"""The same small pipelines and programs as the engine's tests have."""

from tests.engine.conftest import make_pipeline, make_program, program_called, programs, source

__all__ = ["make_pipeline", "make_program", "program_called", "programs", "source"]
