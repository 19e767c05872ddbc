"""Warnings that point at the line of the user's program."""

from __future__ import annotations

import sys
import warnings


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn as the first caller outside of this package."""
    frame, level = sys._getframe(1), 2
    while (frame.f_globals.get("__name__", "") + ".").startswith("probaug.") and frame.f_back:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
