import pytest

from tests.trading.backtest.scripted import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()
