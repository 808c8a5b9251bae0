"""What a press does to the way structures are drawn."""

from __future__ import annotations

from dataclasses import replace

from lmsfa.naming.names import Names
from lmsfa.overlay import OverlayMode, OverlayStyle

OPACITY_STEPS = 10
"""Up to solid; zero is not offered, for an invisible overlay looks like an empty one."""


def toggled(style: OverlayStyle, class_id: int) -> OverlayStyle:
    """Switches one structure on or off."""
    return replace(style, hidden=style.hidden ^ {class_id})


def only(style: OverlayStyle, class_id: int, class_count: int) -> OverlayStyle:
    """Switches every structure off but one."""
    return replace(style, hidden=frozenset(range(class_count)) - {class_id})


def all_on(style: OverlayStyle) -> OverlayStyle:
    """Switches every structure on."""
    return replace(style, hidden=frozenset())


def next_mode(style: OverlayStyle) -> OverlayStyle:
    """Outline, fill, both, and round again."""
    modes = list(OverlayMode)
    return replace(style, mode=modes[(modes.index(style.mode) + 1) % len(modes)])


def next_names(style: OverlayStyle) -> OverlayStyle:
    """Names of the rare and small ones, of all, of none, and round again."""
    choices = list(Names)
    return replace(style, names=choices[(choices.index(style.names) + 1) % len(choices)])


def opacity_stepped(style: OverlayStyle, steps: int) -> OverlayStyle:
    """Makes structures stronger or fainter by tenths, from 10 to 100 %, in the present mode."""
    tenths = round(style.opacity * OPACITY_STEPS) + steps
    return style.with_opacity(min(max(tenths, 1), OPACITY_STEPS) / OPACITY_STEPS)
