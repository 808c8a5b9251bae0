import shutil

import pytest
from made_clips import index_picture, write_clip

from app.core.loading import LoaderHere
from app.core.pipeline import Pipeline
from app.core.supervision.engine import ChildLoader


@pytest.fixture(scope="session")
def _clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "clip.mkv"
    write_clip(path, [index_picture(index) for index in range(100)])
    return path


@pytest.fixture
def clip(_clip, tmp_path):
    """100 frames of 25 fps; each carries its index, a key frame stands every 12 frames."""
    return shutil.copy(_clip, tmp_path / "clip.mkv")


@pytest.fixture
def pipelines():
    """Makes pipelines and closes them at the end."""
    made = []

    def make(load, **options):
        loader = load if isinstance(load, ChildLoader) else LoaderHere(load)
        made.append(Pipeline(engine_loader=loader, **options))
        return made[-1]

    yield make
    for pipeline in made:
        pipeline.close()
