"""Makes the tiny games importable by the tests of this folder, which also run them as a script."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
