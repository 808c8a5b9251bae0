"""PAUSED and the picture that stands are published together, whatever led there."""

import pytest
from made_clips import index_in, index_picture, write_clip

from app.core.commands import Pause, Play, Seek, Step
from app.core.pipeline import Pipeline
from app.core.recording import RecordingPlayer
from app.core.snapshot import PlaybackMode, SourceState
from app.core.sources.file import FileSource
from app.core.stage import Stage


class WatchedStage(Stage):
    """Gives commands the first time that a view is the awaited one, and stops where one stands."""

    def __init__(self, commands, awaited):
        self._commands, self._awaited = list(commands), awaited
        self.first_standing = None
        super().__init__(1, Pipeline(), PlaybackMode.LIVE)

    @property
    def view(self):
        return self._view

    @view.setter
    def view(self, view):
        self._view = view
        if self._awaited(view):
            while self._commands:
                self.commands.put(self._commands.pop(0))
        if view.status.state is SourceState.PAUSED and not self.stopping:
            self.first_standing = view.frame
            self.stopping = True


def at_five(view):
    return view.frame is not None and view.frame.index == 5


def opened(view):
    return view.status.info is not None


def ended(view):
    return view.status.state is SourceState.ENDED


@pytest.fixture(scope="module")
def short_clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "short.mkv"
    write_clip(path, [index_picture(index) for index in range(12)])
    return path


def standing(clip, commands, awaited):
    """Number of the picture in the first view that says PAUSED; None where it has none."""
    source = FileSource(clip)
    stage = WatchedStage(commands, awaited)
    stage.opened(source.open())
    RecordingPlayer(source, stage).run()
    source.close()
    frame = stage.first_standing
    return None if frame is None else index_in(frame.rgb)


@pytest.mark.parametrize(("frames", "index"), [(1, 6), (4, 9), (-1, 4), (-3, 2), (-9, 0), (99, 11)])
def test_a_step_while_playing_is_never_seen_paused_before_its_picture(short_clip, frames, index):
    assert standing(short_clip, [Step(frames)], at_five) == index


def test_a_pause_stands_on_the_picture_that_is_shown(short_clip):
    assert standing(short_clip, [Pause()], at_five) == 5


@pytest.mark.parametrize(("command", "index"), [(Pause(), 8), (Step(1), 9), (Step(-2), 6)])
def test_right_after_a_seek_a_pause_or_step_stands_where_it_led(short_clip, command, index):
    assert standing(short_clip, [Seek(0.32), command], at_five) == index


@pytest.mark.parametrize(("command", "index"), [(Pause(), 0), (Step(1), 1), (Step(-1), 0)])
def test_before_the_first_picture_nothing_stands_without_one(short_clip, command, index):
    assert standing(short_clip, [command], opened) == index


@pytest.mark.parametrize(("commands", "index"), [([Seek(0.08)], 2), ([Play(), Pause()], 0)])
def test_at_the_end_a_seek_or_a_new_beginning_is_seen_with_its_picture(short_clip, commands, index):
    assert standing(short_clip, commands, ended) == index
