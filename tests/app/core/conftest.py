import pytest
from made_clips import index_picture, write_clip
from made_supervision import MADE, PATIENT_AGE_MS, answered_by


@pytest.fixture
def weights(tmp_path):
    """A folder in which the engine finds what it shall do."""
    folder = tmp_path / "weights"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def long_clip(tmp_path_factory):
    """A minute of pictures in which the engine always finds something."""
    path = tmp_path_factory.mktemp("clips") / "long.mkv"
    write_clip(path, [index_picture(index % 255 + 1) for index in range(1500)])
    return path


@pytest.fixture
def playing(pipelines, long_clip, weights):
    """A pipeline that shows answers of a process."""
    pipeline = pipelines(MADE, max_age_ms=PATIENT_AGE_MS)
    pipeline.open(str(long_clip))
    pipeline.load(weights)
    answered_by(pipeline)
    return pipeline
