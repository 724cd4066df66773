"""Scenes of coloured solids, drawn here: i-CLEVR's world without its files, any number of pictures of it."""

from genloom._lazy import lazy

__all__, __getattr__, __dir__ = lazy(__name__, {
    "CLEVR": "scene",
    "ICLEVR": "scene",
    "Body": "scene",
    "Look": "scene",
    "Scene": "scene",
    "caption": "captions",
    "compose": "scene",
    "draw": "drawing",
    "prompts": "captions",
    "render": "drawing",
    "write_scenes": "layout",
})
