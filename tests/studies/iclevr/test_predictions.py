"""S1.8 as an item of the report, and the text's losses as one."""

from genloom.studies.iclevr.predictions import identities, predictions


def test_the_text_s_losses_are_one_with_several_weights() -> None:
    found = list(identities())
    assert len(found) == 7
    assert all(result.status == "pass" for result in found), [(each.name, each.value) for each in found]


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(predictions, tiny, formula=True)
    assert [row[0] for row in answer.tables[1].rows] == [
        "the recipe", "mean, weighted", "noise, weighted", "noise", "data", "velocity, min-SNR", "best linear denoiser"]
