"""Decides what the window shows: pulls snapshots, keeps the latch, the style and the questions."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer

from app.core.activity_timeline import ActivityTimeline
from app.core.activity_words import ActivityWords, telling
from app.core.caption import marks
from app.core.familiarity import FamiliarityGate
from app.core.follower import Follower
from app.core.frame import Frame
from app.core.pipeline import Pipeline
from app.core.self_test.promise import SelfTestAnswer, last_answer
from app.core.snapshot import PlaybackMode, Snapshot, SourceState
from app.core.sources import is_made
from app.ui import style_choice
from app.ui.age_bound import AgeBound
from app.ui.ai_state import ai_state
from app.ui.chips import chips
from app.ui.display_fault import DisplayFault, ShowBare, bare_chips
from app.ui.layer_painter import LayerPainter, ShownSize
from app.ui.notices import (
    AI_QUESTION,
    DEMO,
    RESEARCH,
    Answer,
    Notice,
    demonstration,
    faults,
    mismatch,
    self_test_failed,
)
from app.ui.paint_delay import PaintDelay
from app.ui.readout import Readout
from app.ui.recent_answers import RecentAnswers
from app.ui.scene import Scene
from app.ui.theme import RESOURCES
from lmsfa.card import ModelCard
from lmsfa.overlay import OverlayMode, OverlayStyle
from lmsfa.shipped import PHANTOM_WEIGHTS, WEIGHTS

logger = logging.getLogger(__name__)

TICK_MS = 4
"""So often a new picture is looked for; on average it then waits two milliseconds."""
SHOWN_EVERY_S = 0.014
"""60 Hz, as ticks fall: so often everything else is shown, and the picture where nothing is new."""


class Controller(QObject):
    """Stands between the pipeline and the window. Lives on the window's thread and never blocks it.

    Args:
        pipeline: source and model; whoever made it closes it.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__()
        self._pipeline = pipeline
        self._readout = Readout()
        self._familiarity = FamiliarityGate()
        self._follower = Follower(pipeline.motions)
        self._painter = LayerPainter()
        self._bound = AgeBound(pipeline)
        self._style = OverlayStyle()
        self._mode = PlaybackMode.LIVE
        self._card: ModelCard | None = None
        self._weights: Path | None = None
        self._runtime = "auto"
        self._ai_off = False
        self._asking = False
        self._raw = False
        self._is_demo = self._is_made = False
        self._read: set[Notice] = set()
        self.note_self_test(last_answer())
        self._delay = PaintDelay()
        self._decided_s = time.monotonic()
        self._snapshot = pipeline.snapshot(self._decided_s)
        self._painted: Frame | None = None
        self._pulled_frame: Frame | None = None
        self._recent = RecentAnswers()
        self._activity, self._timeline = ActivityWords(), ActivityTimeline()
        self._fault = DisplayFault()
        self._show: Callable[[Scene], None] | None = None
        self._show_bare: ShowBare | None = None
        self._timer = QTimer(self, interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.tick)

    def fit_layers(self, shown_size: ShownSize) -> None:
        """Has layers painted as large as pictures are on screen."""
        self._painter.shown_size = shown_size

    def start(self, show: Callable[[Scene], None], show_bare: ShowBare) -> None:
        """Begins to call `show` 60 times a second, and for each new picture.

        Where that, or what leads to it, fails, `show_bare` is called in its place.
        """
        self._show, self._show_bare = show, show_bare
        self._timer.start()

    def stop(self) -> None:
        """Shows nothing any more."""
        self._timer.stop()

    def tick(self) -> None:
        """Pulls a snapshot and shows what follows from it, if it is time to."""
        now_s = time.monotonic()
        # An answer must still be young when its layer is on screen, not only now.
        snapshot = self._pipeline.snapshot(now_s + self._delay.expected_s)
        if snapshot.frame is self._pulled_frame and now_s - self._decided_s < SHOWN_EVERY_S:
            return
        self._pulled_frame = snapshot.frame
        try:
            self._show_whole(snapshot, now_s)
        except Exception:
            # Whatever fails on the way to the screen, the picture does not stand still for it.
            if self._fault.begins(now_s):
                logger.exception("the window cannot be drawn; the picture is shown alone")
            self._snapshot = replace(snapshot, result=None, newest=None)
            self._decided_s = now_s
            if self._show_bare is not None:
                self._show_bare(snapshot.frame, bare_chips(snapshot, ai_off=self._ai_off))

    def _show_whole(self, snapshot: Snapshot, now_s: float) -> None:
        if self._is_demo and snapshot.source.state is SourceState.ENDED:
            snapshot = self._begun_again(snapshot)
        self._follow_card(snapshot.model.card)
        self._bound.follow(snapshot.model, self._weights)
        if self._ai_off:
            snapshot = replace(snapshot, result=None, newest=None)
        else:
            snapshot = self._familiarity.passed(snapshot, now_s)
        snapshot = self._follower.followed(snapshot, now_s + self._delay.expected_s)
        is_new = snapshot.frame is not None and snapshot.frame is not self._snapshot.frame
        if is_new or self._waits(snapshot):
            self._recent.note(snapshot, now_s)
        self._snapshot, self._decided_s = snapshot, now_s
        if self._show is not None:
            self._show(self._scene(snapshot, now_s))

    def note_painted(self, time_s: float) -> None:
        """Counts the frame on screen at its first painting, `time_s` on the monotonic clock."""
        snapshot = self._snapshot
        if snapshot.frame is None or snapshot.frame is self._painted:
            return
        self._painted = snapshot.frame
        self._delay.note(time_s - self._decided_s)
        # A frame that stands is no measure of how well the model keeps up.
        if snapshot.source.state is SourceState.PLAYING:
            in_time = time_s <= snapshot.expires_s
            self._readout.shown(snapshot if in_time else replace(snapshot, result=None), time_s)

    def open(self, spec: str) -> None:
        """Opens a source in place of the present one, live at first."""
        demo = RESOURCES / "demo"
        self._is_demo = Path(spec).resolve().is_relative_to(demo)
        self._is_made = is_made(spec)
        self._read.discard(DEMO)
        self._familiarity.begin_anew()
        self.choose_mode(PlaybackMode.LIVE)
        self._pipeline.open(spec)

    def load(self, weights: Path, runtime: str | None = None) -> None:
        """Loads weights in place of the present ones; AI OFF, and a runtime asked for, stay."""
        self._weights, self._runtime = weights, runtime or self._runtime
        self._pipeline.load(weights, self._runtime)

    def choose_mode(self, mode: PlaybackMode) -> None:
        """Lets the picture wait for the model, or not."""
        self._mode = mode
        self._apply_mode()

    def toggle_play(self) -> None:
        """Pauses a playing recording, plays any other; at its end it begins again."""
        if self._snapshot.source.state is SourceState.PLAYING:
            self._pipeline.pause()
        else:
            self._pipeline.play()

    def step(self, frames: int) -> None:
        """Goes some frames forward, or back where negative."""
        if self._duration_s is not None:
            self._pipeline.step(frames)

    def skip(self, seconds: float) -> None:
        """Goes some seconds forward, or back where negative."""
        frame = self._snapshot.frame
        if frame is not None and frame.media_s is not None:
            self.seek(frame.media_s + seconds)

    def seek(self, time_s: float) -> None:
        """Goes to a position of the recording."""
        if self._duration_s is not None:
            self._pipeline.seek(min(max(time_s, 0.0), self._duration_s))

    def toggle_structure(self, class_id: int) -> None:
        """Switches one structure on or off."""
        if class_id < self._class_count:
            self._style = style_choice.toggled(self._style, class_id)

    def show_only(self, class_id: int) -> None:
        """Switches every structure off but one."""
        if class_id < self._class_count:
            self._style = style_choice.only(self._style, class_id, self._class_count)

    def show_all(self) -> None:
        """Switches every structure on."""
        self._style = style_choice.all_on(self._style)

    def choose_overlay_mode(self, mode: OverlayMode) -> None:
        """Outline, fill or both."""
        self._style = replace(self._style, mode=mode)

    def next_overlay_mode(self) -> None:
        """Outline, fill, both, and round again."""
        self._style = style_choice.next_mode(self._style)

    def restyle(self, change: Callable[[OverlayStyle], OverlayStyle]) -> None:
        """Changes how structures are drawn, as `change` says."""
        self._style = change(self._style)

    def step_opacity(self, steps: int) -> None:
        """Makes structures stronger or fainter by tenths."""
        self._style = style_choice.opacity_stepped(self._style, steps)

    def hold_raw(self, *, held: bool) -> None:
        """Shows the raw picture as long as it is held."""
        self._raw = held

    def press_ai_off(self) -> None:
        """Turns AI off at once; where it is off, asks whether to turn it on, or takes that back."""
        if self._ai_off:
            self._asking = not self._asking
        else:
            self.turn_ai_off()

    def confirm(self) -> None:
        """Says yes to the question that stands on screen, if one does."""
        if self._asking:
            self.answer(Answer.TURN_AI_ON)

    def answer(self, answer: Answer) -> None:
        """Acts on a banner's button."""
        actions: dict[Answer, Callable[[], None]] = {
            Answer.TURN_AI_ON: self._turn_ai_on,
            Answer.KEEP_AI_OFF: self._stop_asking,
            Answer.START_MODEL: self._start_model,
            Answer.LOAD_SMALLER: self._load_smaller,
            Answer.DRAW_ANYWAY: self._familiarity.draw_anyway,
            Answer.LOAD_MATCHING: lambda: self.load(PHANTOM_WEIGHTS if self._is_made else WEIGHTS),
            Answer.RAISE_MAX_AGE: self._bound.accept,
            Answer.KEEP_MAX_AGE: self._bound.decline,
            Answer.HIDE_RESEARCH: lambda: self._hide(RESEARCH),
            Answer.HIDE_DEMO: lambda: self._hide(DEMO),
            Answer.HIDE_DEMONSTRATION: lambda: self._hide(demonstration(self._card)),
        }
        actions[answer]()

    def note_self_test(self, answer: SelfTestAnswer | None) -> None:
        """Shows what a self-test found as long as it is a failure."""
        failed = None if answer is None or answer.passed else self_test_failed(answer)
        self._self_test = failed

    def make_room(self) -> None:
        """Turns AI off and ends the model: another program measures this machine."""
        self.turn_ai_off()
        self._pipeline.unload()

    def take_back(self, answer: SelfTestAnswer) -> None:
        """Loads the model again after a self-test; AI stays off until a person turns it on."""
        self.note_self_test(answer)
        if self._weights is not None:
            self.load(self._weights)

    def turn_ai_off(self) -> None:
        """Withdraws the overlay at once, until a person confirms that it may come back."""
        self._ai_off = True
        self._apply_mode()
        # Now, not with the next tick: a painting may be waiting for its turn before that.
        self._pulled_frame = None
        self.tick()

    @property
    def _class_count(self) -> int:
        return len(self._card.classes) if self._card is not None else 0

    @property
    def _duration_s(self) -> float | None:
        info = self._snapshot.source.info
        return info.duration_s if info is not None else None

    def _apply_mode(self) -> None:
        # What was measured one way is no figure of the other.
        self._readout.begin_anew()
        # With AI off there is no answer to wait for, and the picture must not stand still for one.
        self._pipeline.set_mode(PlaybackMode.LIVE if self._ai_off else self._mode)

    def _turn_ai_on(self) -> None:
        self._ai_off = self._asking = False
        self._apply_mode()
        self._start_model()

    def _stop_asking(self) -> None:
        self._asking = False

    def _load_smaller(self) -> None:
        if self._bound.smaller is not None:
            self.load(self._bound.smaller)

    def _hide(self, notice: Notice | None) -> None:
        if notice is not None:
            self._read.add(notice)

    def _start_model(self) -> None:
        """Loads the weights again where their model has stopped."""
        if self._weights is not None and self._snapshot.model.stopped:
            self.load(self._weights)

    def _follow_card(self, card: ModelCard | None) -> None:
        if card is None or card is self._card:
            return
        # Class ids mean something else in another model; the same structures keep their switches.
        if self._card is None or self._card.classes != card.classes:
            self._style = style_choice.all_on(self._style)
        self._card = card
        self._readout.begin_anew()

    def _begun_again(self, snapshot: Snapshot) -> Snapshot:
        """Plays the demo again: whoever looks for the first time always finds a moving picture."""
        self._pipeline.play()
        return replace(snapshot, source=replace(snapshot.source, state=SourceState.PLAYING))

    def _waits(self, snapshot: Snapshot) -> bool:
        """Whether the picture stands for as long as it takes, and its answer with it."""
        playing = snapshot.source.state is SourceState.PLAYING
        return not playing or self._mode is PlaybackMode.LOCKED

    def _scene(self, snapshot: Snapshot, now_s: float) -> Scene:
        ai = ai_state(
            snapshot,
            ai_off=self._ai_off,
            raw=self._raw,
            hidden=self._style.hidden,
            answered=self._recent.answered(now_s),
            marked=self._recent.marked(now_s, self._style.hidden),
        )
        shown_s = now_s + self._delay.expected_s
        told = telling(snapshot, shown_s)
        silent = self._ai_off or self._raw
        return Scene(
            snapshot=snapshot,
            layer=None if self._raw else self._painter.layer_for(snapshot, self._style),
            style=self._style,
            ai=ai,
            ai_off=self._ai_off,
            mode=self._mode,
            max_age_ms=self._pipeline.max_age_ms,
            readings=self._readout.at(now_s),
            chips=(
                *self._fault.chips(now_s),
                *chips(ai, snapshot, now_s, was_moved=self._recent.moved(now_s)),
            ),
            top=faults(snapshot),
            bottom=self._bottom_notices(),
            activity="" if silent else self._activity.of(snapshot, shown_s),
            told=None if told is None or silent else told.prediction.activity,
            timeline=self._timeline.noted(snapshot, told),
            marks="" if self._ai_off else marks(snapshot.model.card),
        )

    def _bottom_notices(self) -> tuple[Notice, ...]:
        proposal = self._bound.proposal
        # Questions come on top, so that nothing moves under a finger when one appears.
        return tuple(
            notice
            for notice, wanted in (
                (AI_QUESTION, self._asking),
                (proposal, not self._ai_off and self._mode is PlaybackMode.LIVE),
                (self._self_test, True),
                (mismatch(self._snapshot.model.card, is_made=self._is_made), not self._ai_off),
                (demonstration(self._card), not self._ai_off),
                (DEMO, self._is_demo),
                (RESEARCH, True),
            )
            if wanted and notice is not None and notice not in self._read
        )
