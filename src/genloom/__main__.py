"""`python -m genloom`: the same as `genloom`."""

import sys

from genloom.cli.entry import main

if __name__ == "__main__":
    sys.exit(main())
