"""2.0.8's address of saving and loading."""

from .serialize import from_dict as from_dict
from .serialize import load as load
from .serialize import save as save
from .serialize import to_dict as to_dict
