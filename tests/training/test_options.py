import subprocess
import sys
from dataclasses import FrozenInstanceError, fields

import pytest

from genloom.training.options import Engine, Optimizer


@pytest.mark.parametrize("kind", [Engine, Optimizer])
def test_options_are_frozen_and_have_defaults(kind):
    with pytest.raises(FrozenInstanceError):
        setattr(kind(), fields(kind)[0].name, 1)


def test_options_need_no_torch():
    code = "import sys, genloom.training.options, genloom.training; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
