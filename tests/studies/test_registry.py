import subprocess
import sys

import pytest

from genloom.errors import UnknownName
from genloom.recipes.registry import resolve
from genloom.studies.registry import STUDIES, study


def test_a_typing_mistake_gets_a_suggestion():
    with pytest.raises(UnknownName, match="did you mean 'square'"):
        study("sqare")


def test_the_list_of_studies_needs_no_torch():
    code = ("import sys, genloom.studies; from genloom.studies import STUDIES; assert STUDIES;"
            "sys.exit('torch' in sys.modules or 'numpy' in sys.modules or 'jinja2' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_flags_of_a_study_are_known_without_it():
    for name, entry in STUDIES.items():
        assert type(study(name).options) is (resolve(entry.options) if entry.options else type(None)), name
    code = ("import sys; from genloom.recipes.registry import STUDIES, resolve;"
            "[resolve(entry.options) for entry in STUDIES.values() if entry.options]; sys.exit('torch' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_study_says_what_it_is_in_one_line():
    assert all(entry.summary and "\n" not in entry.summary for entry in STUDIES.values())
