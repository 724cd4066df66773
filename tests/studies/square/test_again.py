from genloom.studies.square.again import s2_10


def test_equal_noise_gives_equal_outputs_in_any_batch(small_context, effort, whole):
    answer = whole(small_context, s2_10)
    assert answer.results[0].value == 0.0
    assert [result.status for result in answer.results] == ["pass", "pass"]
    assert answer.text[0].startswith("Yes.")
