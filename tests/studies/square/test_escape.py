import pytest
import torch

from genloom.studies.square.escape import SPREAD, TARGET, bonus
from genloom.studies.square.runs import unconditional
from genloom.studies.square.setting import setting


@pytest.mark.slow
def test_all_attempts_are_made_and_the_exact_answers_with_them(small_context):
    found = bonus(unconditional(small_context), setting(small_context), 0)
    names = [each.name for each in found.attempts]
    assert len(set(names)) == len(names) >= 10
    assert len(found.start_log_density) == len(names)
    target = torch.tensor(TARGET, dtype=torch.float64)
    missed = {each.name: each.missed(target) for each in found.attempts}
    assert missed["start at the target"] > 1
    assert missed["chosen noise"] < 1e-6
    assert missed["inverse of the flow"] < 1e-3
    assert found.round_trip < 1e-6
    # the exact posterior stays in the square, however far the observation is
    assert (found.posterior <= 1).all()
    assert (found.posterior > 1 - 3 * SPREAD).all()
    assert found.exact_noise / 2 == pytest.approx(-found.exact_start[1], rel=1e-3)
