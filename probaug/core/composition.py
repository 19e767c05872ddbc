"""2.0.8's address of pipelines and their parameters."""

from .. import BaseCompose as BaseCompose
from .. import BboxParams as BboxParams
from .. import Compose as Compose
from .. import KeypointParams as KeypointParams
from .. import OneOf as OneOf
from .. import OneOrOther as OneOrOther
from .. import RandomOrder as RandomOrder
from .. import ReplayCompose as ReplayCompose
from .. import SelectiveChannelTransform as SelectiveChannelTransform
from .. import Sequential as Sequential
from .. import SomeOf as SomeOf
