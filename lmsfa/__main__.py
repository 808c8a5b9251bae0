"""`python -m lmsfa`: the models' command line."""

import sys

from lmsfa.cli import main

sys.exit(main())
