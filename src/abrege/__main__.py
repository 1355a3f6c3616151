"""`python -m abrege`: the same as the command `abrege`."""

import sys

from abrege.cli import main

sys.exit(main())
