"""The same small pipelines as the engine's tests have."""

from tests.engine.conftest import make_pipeline

__all__ = ["make_pipeline"]
