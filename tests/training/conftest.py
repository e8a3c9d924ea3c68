"""The same small pipelines as the engine's tests have."""

from tests.engine.conftest import make_pipeline, source

__all__ = ["make_pipeline", "source"]
