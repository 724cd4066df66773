import subprocess
import sys

import pytest

from genloom.errors import UnknownName
from genloom.studies.registry import STUDIES, study


def test_a_typing_mistake_gets_a_suggestion():
    with pytest.raises(UnknownName, match="did you mean 'square'"):
        study("sqare")


def test_the_list_of_studies_needs_no_torch():
    code = ("import sys, genloom.studies; from genloom.studies import STUDIES; assert STUDIES;"
            "sys.exit('torch' in sys.modules or 'numpy' in sys.modules or 'jinja2' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_study_says_what_it_is_in_one_line():
    assert all(entry.summary and "\n" not in entry.summary for entry in STUDIES.values())
