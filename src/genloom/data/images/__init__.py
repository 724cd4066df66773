"""Sets of pictures: read from a folder, a ZIP or a known data set, decoded once, cut and mirrored on the fly."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "Augment": "augment",
    "ImageSet": "imageset",
    "centre": "augment",
    "conditions": "course",
    "digits_at_hand": "images",
    "has_test": "images",
    "label_set": "labelsets",
    "multi_hot": "labelsets",
    "split": "imageset",
    "to_floats": "augment",
    "to_pictures": "augment",
})
