"""Results as torch tensors, under the address that users of Albumentations know."""

from . import ToTensor3D, ToTensorV2

__all__ = ["ToTensor3D", "ToTensorV2"]
