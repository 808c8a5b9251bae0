"""Which key does what; every one of them is also a button."""

from __future__ import annotations

import sys
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from app.ui import style_choice
from app.ui.controller import Controller

OVERVIEW = (
    ("Esc  F12", "AI OFF at once; again, then Enter: AI on"),
    ("H", "held: raw picture"),
    ("1 … 9", "structure on or off; Shift: only that one"),
    ("0", "all structures on"),
    ("o", "outline, fill, both"),
    ("-  =", "fainter, stronger"),
    ("n", "names: rare and small ones, all, none"),
    ("Space", "pause, play"),
    (",  .", "one frame back, forward"),
    ("←  →", "5 s back, forward; Shift: 1 s"),
    ("Ctrl+O", "open a recording"),
    ("f  F11", "full screen"),
    ("?", "these keys"),
)
US_SHIFTED = "!@#$%^&*("
"""What Shift+1..9 types on a US keyboard."""
FIRST_DIGIT_SCAN_CODE = {"linux": 10, "win32": 2}
"""Scan code of the key "1": with Shift, the row of digits types other signs in every country."""

_Key = Qt.Key
_Action = Callable[[], None]

AI_KEYS = frozenset({_Key.Key_Escape, _Key.Key_F12})
"""These act whatever else is held down."""
SKIP_SIGN: dict[int, int] = {_Key.Key_Left: -1, _Key.Key_Right: 1}
REPEATING = frozenset({_Key.Key_Comma, _Key.Key_Period, _Key.Key_Minus, _Key.Key_Equal, *SKIP_SIGN})
"""Keys that go on acting while they are held; all others act once a press."""


class Keyboard:
    """Turns key presses into decisions.

    Args:
        controller: what most keys act on.
        full_screen: f and F11.
        keys: the question mark.
        open_file: Ctrl+O.
    """

    def __init__(
        self, controller: Controller, *, full_screen: _Action, keys: _Action, open_file: _Action
    ) -> None:
        self._controller = controller
        self._open_file = open_file
        self._plain: dict[int, _Action] = {
            _Key.Key_Escape: controller.press_ai_off,
            _Key.Key_F12: controller.press_ai_off,
            _Key.Key_Return: controller.confirm,
            _Key.Key_Enter: controller.confirm,
            _Key.Key_Space: controller.toggle_play,
            _Key.Key_Comma: lambda: controller.step(-1),
            _Key.Key_Period: lambda: controller.step(1),
            _Key.Key_0: controller.show_all,
            _Key.Key_O: controller.next_overlay_mode,
            _Key.Key_N: lambda: controller.restyle(style_choice.next_names),
            _Key.Key_Minus: lambda: controller.step_opacity(-1),
            _Key.Key_Equal: lambda: controller.step_opacity(1),
            _Key.Key_Plus: lambda: controller.step_opacity(1),
            _Key.Key_H: lambda: controller.hold_raw(held=True),
            _Key.Key_F: full_screen,
            _Key.Key_F11: full_screen,
            _Key.Key_Question: keys,
        }

    def press(self, event: QKeyEvent) -> bool:
        """Acts on a key press; True where the key means something."""
        key = event.key()
        if event.isAutoRepeat() and key not in REPEATING:
            return True
        if key in self._plain and (key in AI_KEYS or not _with_control(event)):
            self._plain[key]()
            return True
        if _with_control(event):
            return self._press_with_control(key)
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        digit = digit_of(event)
        if digit is not None:
            choose = self._controller.show_only if shift else self._controller.toggle_structure
            choose(digit - 1)
        elif key in SKIP_SIGN:
            self._controller.skip(SKIP_SIGN[key] * (1.0 if shift else 5.0))
        else:
            return False
        return True

    def release(self, event: QKeyEvent) -> bool:
        """Acts on a key that is let go; True where that means something."""
        if event.key() != _Key.Key_H or event.isAutoRepeat():
            return False
        self._controller.hold_raw(held=False)
        return True

    def _press_with_control(self, key: int) -> bool:
        if key != _Key.Key_O:
            return False
        self._open_file()
        return True


def _with_control(event: QKeyEvent) -> bool:
    return bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)


def digit_of(event: QKeyEvent) -> int | None:
    """1..9 for a key of the digit row or the keypad, whatever Shift makes of it; else None."""
    first = FIRST_DIGIT_SCAN_CODE.get(sys.platform)
    if first is not None and first <= event.nativeScanCode() < first + 9:
        return event.nativeScanCode() - first + 1
    if _Key.Key_1 <= event.key() <= _Key.Key_9:
        return int(event.key()) - int(_Key.Key_1) + 1
    if event.text() and event.text() in US_SHIFTED:
        return US_SHIFTED.index(event.text()) + 1
    return None
