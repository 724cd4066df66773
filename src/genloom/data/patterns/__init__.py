"""The point patterns, one file each: every one is a function of (count, seed) and its own options."""
