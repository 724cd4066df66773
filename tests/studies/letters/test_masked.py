"""S4.8 as an item of the report."""

from genloom.studies.letters.masked import masking


def test_the_item_is_whole(tiny, check) -> None:
    check(masking, tiny)
