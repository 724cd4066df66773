from genloom.studies.square.draws import square
from genloom.studies.square.sampling import s2_5, samplings


def test_the_item_is_whole(small_context, effort, whole):
    answer = whole(small_context, s2_5)
    assert len(answer.figures) == 2
    assert all(result.known is not None for result in answer.results)


def test_each_seed_has_samples_of_its_own_and_gives_them_again(small_context, effort):
    here = square(small_context)
    first, second = samplings(here, 2, "moments")
    assert not first.points.equal(second.points)
    assert samplings(here, 1, "moments")[0].points.equal(first.points)
    assert 0 < first.p_value <= 1
