"""The measurements behind two choices of kernels, on this machine.

Warps of three channels sent through as four, and 8-bit tables read by StringZilla: best of many
runs, microseconds, 512 x 512 x 3 uint8, one thread. Run it in the tests' environment.
"""

import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from probaug.core import tone, warp
from probaug.core.matrix import Size, turn

SIDE = 512


def best(call: Callable[[], Any], runs: int = 200) -> float:
    shortest = float("inf")
    for _ in range(runs):
        start = time.perf_counter()
        call()
        shortest = min(shortest, time.perf_counter() - start)
    return shortest * 1e6


def main() -> None:
    cv2.setNumThreads(1)
    image = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    out = np.empty_like(image)
    matrix, size = turn(10).about(SIDE / 2, SIDE / 2), Size(SIDE, SIDE)
    affine = matrix.array()[:2]
    table = np.arange(256, dtype=np.uint8)[::-1].copy()
    rows = {
        "warp, three channels": lambda: cv2.warpAffine(image, affine, (SIDE, SIDE), out),
        "warp, as this library does it": lambda: warp.warp(image, matrix, size, dst=out),
        "table, OpenCV": lambda: cv2.LUT(image, table, out),
        "table, as this library does it": lambda: tone.look_up(image, table, out),
    }
    reader = "OpenCV" if tone.translate is None else "StringZilla"
    print(f"opencv {cv2.__version__}, numpy {np.__version__}, tables read by {reader}")
    for name, call in rows.items():
        print(f"{name:<32}{best(call):>8.0f} us")


if __name__ == "__main__":
    main()
