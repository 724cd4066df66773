from genloom.data.images.layout import Layout, Part, arrange
from genloom.data.images.listing import Entry


def entries(*paths: str) -> tuple[Entry, ...]:
    return tuple(Entry(tuple(path.split("/")), 1, "", None) for path in sorted(paths))


def classes(part: Part | None) -> dict[str, str]:
    assert part is not None
    return {entry.name: part.class_names[label] for entry, label in zip(part.entries, part.labels, strict=True)}


def arranged(*paths: str) -> Layout:
    return arrange(entries(*paths))


def test_a_flat_folder_has_no_classes_and_no_test_part() -> None:
    layout = arranged("1.png", "2.png")
    assert layout.test is None
    assert layout.train.class_names == ("",)
    assert len(layout.train.entries) == 2


def test_sub_folders_are_classes_sorted_by_name() -> None:
    layout = arranged("b/1.png", "a/2.png", "c/deep/3.png")
    assert layout.train.class_names == ("a", "b", "c")
    assert classes(layout.train) == {"a/2.png": "a", "b/1.png": "b", "c/deep/3.png": "c"}


def test_folders_around_everything_are_passed_through() -> None:
    layout = arranged("set/v2/b/1.png", "set/v2/a/2.png")
    assert layout.train.class_names == ("a", "b")


def test_a_single_folder_is_the_name_of_the_only_class() -> None:
    assert arranged("set/cat/1.png", "set/cat/2.png").train.class_names == ("cat",)


def test_loose_pictures_beside_folders_mean_that_folders_are_no_classes() -> None:
    layout = arranged("a/1.png", "b/2.png", "3.png")
    assert layout.train.class_names == ("",)
    assert len(layout.train.entries) == 3


def test_the_layout_of_afhq_gives_parts_and_classes() -> None:
    layout = arranged("afhq/train/cat/1.jpg", "afhq/train/dog/2.jpg", "afhq/train/wild/3.jpg", "afhq/test/cat/4.jpg",
                      "afhq/test/wild/5.jpg")
    assert classes(layout.train) == {"afhq/train/cat/1.jpg": "cat", "afhq/train/dog/2.jpg": "dog",
                                     "afhq/train/wild/3.jpg": "wild"}
    assert layout.test is not None
    assert layout.test.class_names == ("cat", "dog", "wild")
    assert classes(layout.test) == {"afhq/test/cat/4.jpg": "cat", "afhq/test/wild/5.jpg": "wild"}


def test_val_is_the_test_part_only_where_there_is_no_test() -> None:
    layout = arranged("train/1.png", "val/2.png")
    assert layout.test is not None
    assert [entry.name for entry in layout.test.entries] == ["val/2.png"]
    both = arranged("Train/1.png", "val/2.png", "TEST/3.png")
    assert both.test is not None
    assert [entry.name for entry in both.test.entries] == ["TEST/3.png"]
    assert [entry.name for entry in both.train.entries] == ["Train/1.png"]


def test_no_picture_is_in_both_parts_or_taken_from_the_wrong_one() -> None:
    layout = arranged("train/a/1.png", "train/b/1.png", "test/a/1.png", "val/a/1.png")
    assert layout.test is not None
    assert not set(layout.train.entries) & set(layout.test.entries)
    assert all(entry.parts[0] == "train" for entry in layout.train.entries)


def test_train_beside_other_folders_is_a_class_like_them() -> None:
    layout = arranged("train/1.png", "boat/2.png", "test/3.png")
    assert layout.test is None
    assert layout.train.class_names == ("boat", "test", "train")


def test_a_training_part_alone_has_no_test_part() -> None:
    layout = arranged("train/cat/1.png", "train/dog/2.png")
    assert layout.test is None
    assert layout.train.class_names == ("cat", "dog")
