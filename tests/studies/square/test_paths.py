from genloom.studies.square.paths import s2_12


def test_the_item_is_whole(small_context, effort, whole):
    answer = whole(small_context, s2_12)
    assert len(answer.tables[0].rows) == 4
