from genloom.studies.square.samplers import s2_7


def test_the_item_is_whole(small_context, effort, whole):
    answer = whole(small_context, s2_7)
    assert len(answer.figures) == 2
    assert len(answer.tables[0].rows) == 6
