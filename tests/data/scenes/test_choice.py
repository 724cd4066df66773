from collections import Counter

import pytest

from genloom.data.images.labelsets import NAMES
from genloom.data.scenes.choice import choose, conditions, scene_seed
from genloom.errors import InputError


def test_objects_are_three_different_ones_and_all_about_equally_frequent() -> None:
    chosen = [choose(0, number) for number in range(2000)]
    assert all(len(set(names)) == 3 for names in chosen)
    counts = Counter(name for names in chosen for name in names)
    assert set(counts) == set(NAMES)
    assert 180 < min(counts.values()) <= max(counts.values()) < 320  # 250 expected, 4.4 standard deviations
    assert chosen[7] == choose(0, 7) != choose(1, 7)


def test_no_frame_shows_a_set_that_is_held_out() -> None:
    held_out = [frozenset([name]) for name in NAMES[:12]] + [frozenset(NAMES[12:14])]
    for number in range(300):
        names = choose(0, number, held_out)
        assert not any(frozenset(names[:count]) in held_out for count in (1, 2, 3))


def test_holding_everything_out_is_refused() -> None:
    with pytest.raises(InputError, match=r"data\.without"):
        choose(0, 0, [frozenset([name]) for name in NAMES])


def test_conditions_are_32_sets_always_the_same_and_new_ones_are_alike_inside() -> None:
    for name in ("test", "new_test"):
        sets = conditions(name)
        assert len(sets) == 32
        assert sets == conditions(name)
        assert all(0 < len(set(names)) == len(names) <= 3 and set(names) <= set(NAMES) for names in sets)
    assert Counter(map(len, conditions("test"))) == {1: 8, 2: 8, 3: 16}
    for first, second, third in [names for names in conditions("new_test") if len(names) == 3]:
        assert first.split()[1] == second.split()[1] != third.split()[1]
        assert first.split()[0] != second.split()[0] == third.split()[0]


def test_scenes_have_seeds_of_their_own() -> None:
    assert len({scene_seed(seed, number) for seed in range(10) for number in range(100)}) == 1000
