"""2.0.8's addresses of transforms: whatever stood at one of them is imported from it here too."""

import sys
from types import ModuleType
from typing import Any

import probaug

PATHS = """
    blur blur.transforms crops crops.transforms dropout dropout.channel_dropout
    dropout.coarse_dropout dropout.grid_dropout dropout.mask_dropout dropout.transforms
    dropout.xy_masking geometric geometric.distortion geometric.flip geometric.pad
    geometric.resize geometric.rotate geometric.transforms mixing mixing.domain_adaptation
    mixing.transforms other other.lambda_transform other.type_transform pixel pixel.transforms
    spectrogram spectrogram.transform text text.transforms transforms transforms3d
    transforms3d.transforms utils
""".split()  # noqa: SIM905  # a table of names

__all__: list[str] = list(probaug.__all__)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(probaug, name)


for _path in PATHS:
    _module = ModuleType(f"{__name__}.{_path}", __doc__)
    _module.__dict__.update(__getattr__=__getattr__, __all__=__all__, __path__=[])
    sys.modules[_module.__name__] = _module
    _parent, _, _name = _module.__name__.rpartition(".")
    setattr(sys.modules[_parent], _name, _module)
