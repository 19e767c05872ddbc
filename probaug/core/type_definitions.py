"""Names of targets and sizes that users' own transforms import in 2.0.8."""

from enum import Enum

import numpy as np


class Targets(Enum):
    """What a transform may serve, for ``_targets`` of an own class."""

    IMAGE = "Image"
    MASK = "Mask"
    BBOXES = "BBoxes"
    KEYPOINTS = "Keypoints"
    VOLUME = "Volume"
    MASK3D = "Mask3D"


ALL_TARGETS = tuple(Targets)
d4_group_elements = ["e", "r90", "r180", "r270", "v", "hvt", "h", "t"]
MONO_CHANNEL_DIMENSIONS = 2
NUM_MULTI_CHANNEL_DIMENSIONS = 3
NUM_VOLUME_DIMENSIONS = 4
NUM_RGB_CHANNELS = 3
NUM_BBOXES_COLUMNS_IN_ALBUMENTATIONS = LENGTH_RAW_BBOX = 4
NUM_KEYPOINTS_COLUMNS_IN_ALBUMENTATIONS = 5
PAIR = 2
MAX_VALUES_BY_DTYPE = {
    kind: white
    for name, white in (("uint8", 255), ("uint16", 65535), ("float32", 1.0), ("float64", 1.0))
    for kind in (np.dtype(name), np.dtype(name).type)
}
