"""2.0.8's address of the base classes."""

from .. import NoOp as NoOp
from .hooks import BasicTransform as BasicTransform
from .hooks import DualTransform as DualTransform
from .hooks import ImageOnlyTransform as ImageOnlyTransform
from .hooks import Transform3D as Transform3D

BaseTransformInitSchema = BasicTransform.InitSchema
