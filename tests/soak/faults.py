"""Faults of every kind, one after the other in random order, and what the window makes of each."""

import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from app.core.pipeline import DEFAULT_MAX_AGE_MS, Pipeline
from app.core.sources import camera
from app.core.sources.devices import Camera
from app.core.sources.phantom import read_spec
from app.core.supervision.engine import ChildLoader
from app.ui.application import make_application
from app.ui.controller import Controller
from app.ui.notices import Answer
from app.ui.self_test.checks import live_until
from lmsfa.data.phantom.phantom import Phantom
from lmsfa.data.phantom.scenes import SCENES
from lmsfa.naming.names import Names
from lmsfa.overlay import OverlayMode
from tests.soak.audience import OF_SIGNAL, Audience, SeenWindow
from tests.soak.watching import SenderProgram

SPEC = "phantom:calm,seed=11,size=640x360,fps=30"
NETWORK_S = 0.3
"""The bound for a stream over the network, from APP.md's promise."""
SEEN_S = 0.05
"""From the sender to the screen, at most: the promised delay of the picture."""
BOUND_S = NETWORK_S + SEEN_S
RECOVERY_S = 12.0
CAMERA = "camera:0"


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault.

    Attributes:
        words: one of these must be on screen; none where none is due, and then none may be.
        bound_s: within so long; from then on until the fault ends no overlay may stand.
        seconds: how long it lasts, least and most.
        withdraws: whether the overlay must be gone until the end of the fault; while a word stands
            it must be gone in any case.
    """

    words: tuple[str, ...] = ()
    bound_s: float = BOUND_S
    seconds: tuple[float, float] = (0.6, 1.2)
    withdraws: bool = True


STILL = (1.3, 2.0)
GONE = ("SIGNAL STALLED", "SIGNAL LOST")
SENDER = {
    "stall": Fault(("SIGNAL STALLED",)),
    "freeze": Fault(("PICTURE FROZEN",), 1.0 + SEEN_S, STILL),
    "black": Fault(("BLACK PICTURE",)),
    "blue": Fault(("BLUE SCREEN",)),
    "bars": Fault(("COLOUR BARS",)),
    "slate": Fault(("NO SIGNAL PICTURE",), 1.0 + SEEN_S, STILL),
    "swapped": Fault(("COLOURS SWAPPED",)),
    # The new size is a good picture once it is said.
    "size": Fault(("PICTURE SIZE CHANGED",), seconds=STILL, withdraws=False),
    "cut": Fault(("SIGNAL LOST",), seconds=(0.5, 2.5)),
    "unplugged": Fault(("SIGNAL LOST",), seconds=(0.5, 2.5)),
    "truncated": Fault(GONE),
    "garbage": Fault(GONE),
    # The next picture is whole: nothing to say, unless it does not come in time.
    "burst": Fault(withdraws=False),
    # A slower sender is a good sender, and five of its periods are the bound.
    "rate": Fault((), 5 * 0.1 + SEEN_S, STILL, withdraws=False),
    # The sender's clock is nobody's business but its own.
    "step": Fault(seconds=(2.2, 2.4), withdraws=False),
}
LOST_S = 0.5
LATE = ("did not answer within 1 s", "has not answered for over 1 s")
ENGINE = {
    "SIGSEGV": Fault(("crashed (SIGSEGV)",), LOST_S, withdraws=False),
    "SIGABRT": Fault(("crashed (SIGABRT)",), LOST_S, withdraws=False),
    "SIGKILL": Fault(("was killed (SIGKILL)",), LOST_S, withdraws=False),
    "exit": Fault(("ended (exit code 3)",), LOST_S, withdraws=False),
    "memory": Fault(("ran out of memory",), LOST_S, withdraws=False),
    "error": Fault(("failed (ValueError)",), LOST_S, withdraws=False),
    "hang": Fault(LATE, 2.0, withdraws=False),
    "hold": Fault(LATE, 2.0, withdraws=False),
    "SIGSTOP": Fault(LATE, 2.0, withdraws=False),
    "numbers always": Fault(("numbers that are not finite",), LOST_S),
}


class Trial:
    """A window over a sender and an oracle, and the faults that they suffer.

    Args:
        folder: for the oracle's orders.
        seed: of when and for how long.
        max_age_ms: of overlays; a machine that others use too has none as young as is promised.
    """

    wait_until = staticmethod(live_until)

    def __init__(self, folder, seed, max_age_ms=DEFAULT_MAX_AGE_MS):
        self._rng = np.random.default_rng([seed, 7])
        self._folder = folder
        (folder / "spec").write_text(SPEC)
        asked = read_spec(SPEC)
        self._sender = SenderProgram("--pictures", SPEC)
        self._camera = MadeCamera(self._sender.url)
        loader = ChildLoader(loader="tests.soak.oracle:load")
        self._pipeline = Pipeline(max_age_ms=max_age_ms, engine_loader=loader)
        self._controller = Controller(self._pipeline)
        self._window = SeenWindow(self._controller)
        phantom = Phantom(SCENES[asked.scene], asked.seed, asked.width, asked.height)
        self.audience = Audience(self._window, phantom, self._sender.due_s, max_age_ms / 1000)
        self._controller.choose_overlay_mode(OverlayMode.FILL)
        self._controller.step_opacity(10)
        self._controller.restyle(lambda style: replace(style, names=Names.NONE))
        self._controller.answer(Answer.HIDE_RESEARCH)
        self._controller.open(self._sender.url)
        self._controller.load(folder)
        self._window.show()
        self._window.fit(asked.width, asked.height)

    def suffer(self, kind):
        """One fault, from a healthy picture to a healthy picture; returns what was seen."""
        fault = SENDER.get(kind) or ENGINE[kind]
        if kind == "unplugged":
            self._controller.open(CAMERA)
            self.wait_until(lambda: not self._is_well(), 1)
        if not self.wait_until(self._is_well_again, 30):
            return {"fault": kind, "kept": False, "why": "no overlay before it"}
        self._rest(float(self._rng.uniform(0.3, 1.0)))
        # What was painted until now belongs to the fault before.
        self.audience.judge(BOUND_S)
        seconds = float(self._rng.uniform(*fault.seconds))
        begun_s = self._begin(kind, seconds)
        self.wait_until(lambda: self._named_after_s(fault, begun_s) is not None, fault.bound_s + 3)
        self.wait_until(lambda: time.monotonic() > begun_s + seconds, seconds + 1)
        self._end()
        return self._seen(kind, fault, begun_s, seconds)

    def _rest(self, seconds):
        until_s = time.monotonic() + seconds
        self.wait_until(lambda: time.monotonic() > until_s, seconds + 1)

    def _begin(self, kind, seconds):
        if kind in ENGINE:
            begun_s = time.monotonic()
            (self._folder / "fault").write_text(kind)
            return begun_s
        if kind == "unplugged":
            self._camera.is_there = False
            return self._sender.do("cut", seconds=seconds)
        step_s = float(self._rng.choice([-1, 1]) * 10 ** self._rng.uniform(-0.5, 3))
        return self._sender.do(kind, seconds=seconds, step_s=step_s if kind == "step" else 0.0)

    def _end(self):
        (self._folder / "fault").unlink(missing_ok=True)
        self._camera.is_there = True

    def _named_after_s(self, fault, begun_s):
        """How long after its beginning a fault was named; None where it was not, or need not be."""
        begins = [a_s for a_s, _ in self._window.stood(fault.words) if a_s >= begun_s]
        return begins[0] - begun_s if begins else None

    def _seen(self, kind, fault, begun_s, seconds):
        ended_s = time.monotonic()
        back = self.wait_until(self._is_well_again, RECOVERY_S)
        back_s = time.monotonic()
        faulty = [(begun_s + fault.bound_s, begun_s + seconds)] if fault.withdraws else []
        stale, unnamed, stood_s = self.audience.judge(fault.bound_s, faulty)
        named_s = self._named_after_s(fault, begun_s)
        # Where pictures did not come in time, saying so is no false alarm.
        true = (*fault.words, *(GONE if stood_s > NETWORK_S - SEEN_S else ()))
        said = self._window.said_of(OF_SIGNAL, begun_s)
        alarms = [text for text in said if not any(word in text for word in true)]
        in_time = not fault.words or (named_s is not None and named_s <= fault.bound_s)
        if kind == "unplugged":
            self._controller.open(self._sender.url)
            self.wait_until(lambda: not self._is_well(), 1)
        return {
            "fault": kind,
            "seconds": round(seconds, 2),
            "named_after_s": None if named_s is None else round(named_s, 3),
            "bound_s": fault.bound_s if fault.words else None,
            "back_after_s": round(back_s - ended_s, 2) if back else None,
            "stale": stale,
            "stood_unnamed": unnamed,
            "false_alarms": alarms,
            "kept": bool(in_time and back and not stale and not unnamed and not alarms),
        }

    def _is_well(self):
        words = [text for text in self._window.chips.texts if text not in ("MOVED",)]
        return self.audience.has_overlay and not self._window.top.texts and not words

    def _is_well_again(self):
        """As `_is_well`; a model that was lost too often is started, as by a person."""
        if self._controller._snapshot.model.stopped:
            self._controller.answer(Answer.START_MODEL)
        return self._is_well()

    def close(self):
        self._window.close()
        self._pipeline.close()
        self._sender.close()
        self._camera.close()


class MadeCamera:
    """The sender as this machine's only camera: opened, read and lost as any other."""

    def __init__(self, url):
        self.is_there = True
        self._real = camera.list_cameras, camera.DEVICE_FORMAT
        camera.list_cameras = lambda: (Camera(0, "made camera", url),) if self.is_there else ()
        camera.DEVICE_FORMAT = dict.fromkeys(self._real[1], "nut")

    def close(self):
        camera.list_cameras, camera.DEVICE_FORMAT = self._real


def suffer_faults(count, seed=3, max_age_ms=DEFAULT_MAX_AGE_MS):
    """So many faults of all kinds, in random order, each kind as often as any other."""
    make_application()
    kinds = [*SENDER, *ENGINE]
    rng = np.random.default_rng(seed)
    order = [
        kinds[k] for turn in range(count // len(kinds) + 1) for k in rng.permutation(len(kinds))
    ]
    return suffer_all(order[:count], seed, max_age_ms)


def suffer_all(kinds, seed, max_age_ms=DEFAULT_MAX_AGE_MS):
    """These faults, one after the other."""
    with TemporaryDirectory() as folder:
        trial = Trial(Path(folder), seed, max_age_ms)
        try:
            seen = [trial.suffer(kind) for kind in kinds]
        finally:
            trial.close()
    audience = trial.audience
    return {
        "faults": len(kinds),
        "kinds": dict(Counter(row["fault"] for row in seen)),
        "slowest_to_be_named_s": {
            kind: max(row.get("named_after_s") or 0 for row in seen if row["fault"] == kind)
            for kind in dict.fromkeys(kinds)
        },
        "pictures": dict(audience.counts),
        "overlay_iou_mean": round(float(np.mean(audience.ious)), 3) if audience.ious else None,
        "overlay_iou_least": min(audience.ious, default=None),
        "stale_overlays": len(audience.stale),
        "not_kept": [row for row in seen if not row["kept"]],
        "kept": all(row["kept"] for row in seen),
    }
