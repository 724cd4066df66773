from genloom.studies.square.bonus import s2_21


def test_the_item_is_whole(small_context, whole):
    answer = whole(small_context, s2_21)
    (table,) = answer.tables
    assert len(table.rows) >= 10
    assert {"yes", "no"} == {row[-1] for row in table.rows}  # failures are shown too
    assert sum(row[-1] == "yes" for row in table.rows) >= 3
