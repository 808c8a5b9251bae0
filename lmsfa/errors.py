"""The kind of error that a person can do something about."""

from __future__ import annotations

MOST_SHOWN = 300
"""Characters of a foreign text that a message repeats."""


class InputError(Exception):
    """Something given from outside cannot be used.

    The message is one line in a user's words: what was given, what was expected, what to do next.
    Command lines print it and exit with code 2; the window shows it in its banner.
    """


class DatasetError(InputError):
    """A data set cannot be read. One line that names the file and says what was expected."""


def one_line(text: object) -> str:
    """The text of an error from elsewhere, without line breaks and not endless."""
    shown = printable(" ".join(str(text).split()))
    return shown if len(shown) <= MOST_SHOWN else f"{shown[:MOST_SHOWN]}..."


def printable(text: str) -> str:
    """A text that every screen takes: file names may hold bytes that are no characters."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
