from genloom.studies.square.stochastic import s2_11


def test_the_item_is_whole(small_context, effort, whole):
    answer = whole(small_context, s2_11)
    assert len(answer.figures) == 2
    assert all(result.known is not None for result in answer.results)
