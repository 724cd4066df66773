"""The item of the report."""

from genloom.data.images.labelsets import NAMES, forbidden
from genloom.metrics.interval import Interval
from genloom.studies.iclevr.held_out import _verdict, chosen_pairs, difference, held_out, judged, trained
from genloom.studies.iclevr.work import labels_of


def test_the_item_is_whole_and_nothing_left_out_is_trained_on(tiny, check) -> None:
    answer = check(held_out, tiny)
    assert answer.results[0].status == "pass"
    assert len(answer.tables[0].rows) == 3


def test_every_object_is_in_one_pair_and_every_set_with_a_pair_is_left_out() -> None:
    chosen = chosen_pairs(NAMES)
    assert sorted(name for pair in chosen.left for name in pair) == sorted(NAMES)
    out = forbidden(chosen.without)
    assert len(out) == 12 * (1 + 22)
    assert chosen == chosen_pairs(NAMES)
    assert chosen != chosen_pairs(NAMES, 1)


def test_what_is_asked_for_is_left_out_on_one_side_and_seen_on_the_other() -> None:
    chosen = chosen_pairs(NAMES)
    out = forbidden(chosen.without)
    assert len(chosen.new) == len(chosen.old) == 12 * 4
    for new, old in zip(chosen.new, chosen.old, strict=True):
        assert frozenset(new) in out
        assert frozenset(old) not in out
        assert not any(set(pair) <= set(old) for pair in chosen.left)
        assert (new[0], new[2:]) == (old[0], old[2:])
        assert len(set(old)) == len(old) == len(new)


def test_the_model_has_learned_from_fewer_pictures_of_all_objects(tiny) -> None:
    labels = labels_of(trained(tiny).experiment.data)
    assert labels.sum(0).min() > 0
    assert trained(tiny).recipe.engine.steps == 48 // 16


def test_the_difference_is_between_sets_that_belong_together(tiny) -> None:
    found = judged(tiny, chosen_pairs(NAMES).new, "new")
    assert difference(found, found).value == 0
    assert difference(found, found).n == 48


def test_the_verdict_follows_the_interval_and_is_none_of_a_model_that_knows_nothing(tiny) -> None:
    found = judged(tiny, chosen_pairs(NAMES).new, "new")
    assert "too little" in _verdict(found, Interval(-0.3, -0.4, -0.2, 48))
    knows = found._replace(found=type(found.found)(found.found.sets, found.found.sets))
    assert "worse" in _verdict(knows, Interval(-0.3, -0.4, -0.2, 48))
    assert "objects, not sets" in _verdict(knows, Interval(0.0, -0.1, 0.1, 48))
    assert "better" in _verdict(knows, Interval(0.2, 0.1, 0.3, 48))
