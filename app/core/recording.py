"""Plays a recording: paces it by its own times, and stops, steps and seeks on command."""

from __future__ import annotations

import time

from app.core.commands import Command, Pause, Play, Seek, Step
from app.core.frame import Frame
from app.core.snapshot import PlaybackMode, SourceState
from app.core.sources import Picture, Source
from app.core.stage import Stage

LATE_S = 0.2
"""A picture later than this moves the whole clock: catching up would make a burst of pictures."""
HAIR_S = 1e-6
"""Shorter than any frame: one step back is a seek to just before the frame on screen."""


class RecordingPlayer:
    """Shows the frames of one recording on a stage. Everything runs on the capture thread.

    The loop never waits for two things at once: each turn does what can be done now, then waits for
    a command, the bell (a new answer, model or mode) or the time of the next picture.
    """

    def __init__(self, source: Source, stage: Stage) -> None:
        self._source = source
        self._stage = stage
        self._playing = True
        self._jumped = False
        self._next: Picture | None = None
        self._next_frame: Frame | None = None
        self._start_s: float | None = None

    def run(self) -> None:
        """Plays and obeys until the stage stops.

        Raises:
            SourceError: the recording cannot be read on.
        """
        while not self._stage.stopping:
            command = self._stage.commands.take()
            if command is not None:
                self._obey(command)
            elif self._playing:
                self._advance()
            else:
                self._stand()

    def _stand(self) -> None:
        """Offers the frame on screen, because a new model owes it an answer, and waits."""
        frame = self._stage.view.frame
        if frame is not None:
            self._stage.model.offer(frame)
        self._stage.commands.wait(None)

    def _advance(self) -> None:
        """Comes closer to showing the next picture."""
        if self._next is None:
            self._next = self._source.read()
        if self._next is None:
            self._playing = False
            self._stage.turn(SourceState.ENDED)
        elif self._stage.mode is PlaybackMode.LOCKED and not self._has_answer(self._next):
            self._stage.commands.wait(None)
        else:
            self._show_when_due(self._next)

    def _has_answer(self, picture: Picture) -> bool:
        if self._next_frame is None:
            self._next_frame = self._stage.frame_from(picture, time.monotonic())
        self._stage.model.offer(self._next_frame)
        return self._stage.model.settled(self._next_frame)

    def _show_when_due(self, picture: Picture) -> None:
        now_s = time.monotonic()
        due_s = self._due_s(picture, now_s)
        if due_s > now_s:
            self._stage.commands.wait(due_s - now_s)
            return
        frame = self._next_frame or self._stage.frame_from(picture, due_s)
        self._show(frame, SourceState.PLAYING)
        if self._stage.mode is PlaybackMode.LIVE:
            self._stage.model.offer(frame, passing=True)

    def _due_s(self, picture: Picture, now_s: float) -> float:
        """When the picture is due on the monotonic clock."""
        media_s = picture.media_s or 0.0
        if self._start_s is None or now_s - (self._start_s + media_s) > LATE_S:
            self._start_s = now_s - media_s
        return self._start_s + media_s

    def _show(self, frame: Frame, state: SourceState) -> None:
        self._stage.show(frame, state, jumped=self._jumped)
        self._jumped = False
        self._forget_next()

    def _obey(self, command: Command) -> None:
        match command:
            case Play():
                self._play()
            case Pause():
                self._stand_still(0)
            case Step(frames):
                self._stand_still(frames)
            case Seek(time_s):
                self._jump_to(time_s)
                if not self._playing:
                    self._stand_still(0)

    def _play(self) -> None:
        if self._playing:
            return
        if self._next is None:
            self._next = self._source.read()
        if self._next is None:
            # Also where somebody stepped or sought to the last frame: there is nothing to go on to.
            self._jump_to(0.0)
        self._playing = True
        self._start_s = None
        self._stage.turn(SourceState.PLAYING)

    def _stand_still(self, frames: int) -> None:
        """Stands on the picture that lies `frames` further on; 0: on the one that is shown.

        State and picture are published together: nobody may see PAUSED over the picture before.
        """
        was_playing, self._playing = self._playing, False
        picture = self._awaited()
        if frames < 0:
            picture = self._back(-frames, picture)
        elif frames > 0:
            picture = self._on(frames) or picture
        if picture is not None:
            self._show_standing(picture)
        elif was_playing:
            self._stage.turn(SourceState.PAUSED)

    def _awaited(self) -> Picture | None:
        """The picture that the opening or a jump led to, where it has not been shown yet."""
        if not self._jumped and self._stage.view.frame is not None:
            return None
        picture = self._next or self._source.read()
        self._forget_next()
        return picture

    def _on(self, frames: int) -> Picture | None:
        picture = None
        for _ in range(frames):
            later = self._next or self._source.read()
            if later is None:
                break
            picture = later
            self._forget_next()
        return picture

    def _back(self, frames: int, picture: Picture | None) -> Picture | None:
        for _ in range(frames):
            before_s = _position_s(picture or self._stage.view.frame) - HAIR_S
            self._jump_to(before_s)
            picture = self._source.read()
        return picture

    def _jump_to(self, time_s: float) -> None:
        self._forget_next()
        self._source.seek(time_s)
        self._jumped = True
        self._start_s = None

    def _show_standing(self, picture: Picture) -> None:
        self._jumped = True
        self._show(self._stage.frame_from(picture, time.monotonic()), SourceState.PAUSED)

    def _forget_next(self) -> None:
        self._next = None
        self._next_frame = None


def _position_s(shown: Picture | Frame | None) -> float:
    return 0.0 if shown is None or shown.media_s is None else shown.media_s
