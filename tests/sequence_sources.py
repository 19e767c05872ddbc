"""Sources that other processes read; they import this file, so it imports little."""

import os

import numpy as np


class Failing:
    """Ten samples, one of them bad."""

    def __len__(self):
        return 10

    def __getitem__(self, index):
        if index == 3:
            raise OSError("no such luck")
        return {"image": np.full((24, 24, 3), 20 * index, np.uint8), "label": index}


class Deadly:
    """Samples that end the process that reads them."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        os._exit(7)
