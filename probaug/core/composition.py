"""2.0.8's address of pipelines and their parameters."""

from .choices import OneOf as OneOf
from .choices import OneOrOther as OneOrOther
from .choices import RandomOrder as RandomOrder
from .choices import SomeOf as SomeOf
from .compose import BaseCompose as BaseCompose
from .compose import SelectiveChannelTransform as SelectiveChannelTransform
from .compose import Sequential as Sequential
from .params import BboxParams as BboxParams
from .params import KeypointParams as KeypointParams
from .pipeline import Compose as Compose
from .pipeline import ReplayCompose as ReplayCompose
