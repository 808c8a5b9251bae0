import pytest

PATIENT_S = 300.0
LIMITS = (
    "app.core.supervision.engine.ANSWER_S",
    "app.core.inference.ANSWER_S",
    "app.core.supervision.engine.SILENT_S",
    "app.ui.self_test.checks.LOADING_S",
)


@pytest.fixture
def patient(monkeypatch):
    """The shipped model may load and answer as slowly as a busy machine lets it."""
    for limit in LIMITS:
        monkeypatch.setattr(limit, PATIENT_S)
