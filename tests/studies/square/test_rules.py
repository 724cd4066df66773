from genloom.studies.square.rules import s2_8, s2_9


def test_the_sigmas_are_those_of_both_formulas(small_context, effort, whole):
    answer = whole(small_context, s2_8)
    assert [result.status for result in answer.results] == ["pass", "pass"]


def test_the_rules_quote_what_was_measured(small_context, effort, whole):
    answer = whole(small_context, s2_9)
    assert len(answer.text) == 6
    assert len(answer.tables[0].rows) == 6
