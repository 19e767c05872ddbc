"""2.0.8's address of pipelines and their parameters."""

from .compose import BaseCompose as BaseCompose
from .compose import OneOf as OneOf
from .compose import OneOrOther as OneOrOther
from .compose import RandomOrder as RandomOrder
from .compose import SelectiveChannelTransform as SelectiveChannelTransform
from .compose import Sequential as Sequential
from .compose import SomeOf as SomeOf
from .params import BboxParams as BboxParams
from .params import KeypointParams as KeypointParams
from .pipeline import Compose as Compose
from .pipeline import ReplayCompose as ReplayCompose
