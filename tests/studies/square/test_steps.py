import pytest

from genloom.studies.square.draws import square
from genloom.studies.square.steps import s2_6, sweep


def test_the_item_is_whole(small_context, effort, whole):
    answer = whole(small_context, s2_6)
    assert len(answer.figures) == 2
    assert all(result.known is not None for result in answer.results)


def test_the_texts_euler_step_is_thrown_out_at_one_step_and_collapses_at_five(small_context, effort):
    here = square(small_context)
    euler = sweep(here, here.oracle, exact_step=False, longest=50)
    exact = sweep(here, here.oracle, exact_step=True, longest=50)
    assert euler.stds[1] > 2.5
    assert euler.stds[5] < 0.32 < 0.4 < exact.stds[5]
    assert euler.stds[50] == pytest.approx(exact.stds[50], abs=0.03)


def test_one_exact_step_is_the_mean_of_the_posterior(small_context, effort):
    here = square(small_context)
    ends = sweep(here, here.oracle, exact_step=True, longest=1).points[1]
    assert ends.equal(here.oracle(here.start(effort.compared, 6), 1.0).x0)
