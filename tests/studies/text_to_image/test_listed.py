"""The prompts and their reasons stand in the report before any picture does."""

from genloom.studies.text_to_image.listed import listed


def test_the_curated_ones(bare, check) -> None:
    answer = check(listed, bare)
    assert all(each.status == "pass" for each in answer.results)
    assert len(answer.results) == 3
    assert len(answer.tables[0].rows) >= 10


def test_a_file_of_one_s_own_owes_nobody_all_families(sheet_context) -> None:
    answer = listed.work(sheet_context)
    (families,) = answer.results
    assert (families.value, families.status) == (1, "info")
