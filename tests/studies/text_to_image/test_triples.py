"""Unseen combinations: three objects that no training picture shows together."""

from genloom.studies.iclevr.work import labels_of, pictures
from genloom.studies.text_to_image.triples import chosen_sets, triples


def test_the_item_is_complete(bare, check) -> None:
    answer = check(triples, bare)
    assert answer.results[0].status == "pass"
    assert len(answer.results) == 4
    assert [row[0] for row in answer.tables[0].rows] == ["never seen together", "seen in training", "chance"]


def test_new_sets_are_new_and_their_partners_are_not(bare) -> None:
    chosen = chosen_sets(bare)
    shown = {tuple(row) for row in labels_of(pictures(bare).train).tolist()}
    assert len(chosen.new) == len(chosen.old) == 6
    assert not shown & {tuple(row) for row in chosen.new.tolist()}
    assert shown >= {tuple(row) for row in chosen.old.tolist()}
    assert (chosen.new & chosen.old).sum(1).tolist() == [2] * 6
    assert chosen.missing >= 6
