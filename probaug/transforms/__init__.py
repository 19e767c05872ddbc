"""The transforms, one file per family."""
