"""Small healthy programs."""

import pytest

from .programs import HEALTHY


@pytest.fixture(params=HEALTHY.values(), ids=HEALTHY.keys())
def healthy(request):
    return request.param()
