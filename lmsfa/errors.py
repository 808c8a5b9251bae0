"""The kind of error that a person can do something about."""

from __future__ import annotations


class InputError(Exception):
    """Something given from outside cannot be used.

    The message is one line in a user's words: what was given, what was expected, what to do next.
    Command lines print it and exit with code 2; the window shows it in its banner.
    """


class DatasetError(InputError):
    """A data set cannot be read. One line that names the file and says what was expected."""
