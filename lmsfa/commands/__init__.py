"""One command of `python -m lmsfa` a file; heavy imports wait until it runs."""
