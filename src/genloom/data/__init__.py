"""Data sets, embedded and real: what they are, where they come from, and points in the plane with known densities."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "Augment": "images.augment",
    "Boxes": "density",
    "Gaussians": "density",
    "MASKS": "masks",
    "ImageSet": "images.imageset",
    "PATTERNS": "points",
    "PointSet": "pointset",
    "SOURCES": "sources",
    "describe": "sources",
    "draw_masks": "masks",
    "fetch": "store",
    "list_sources": "sources",
    "locate": "store",
})
