"""What makes the batch of an address, wherever that is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._batch import Batch
from ._batch_mix import Mixer, Others, joined_keys
from ._cache import DiskCache, MemoryCache
from ._checks import refuse, whole
from ._errors import Rescue
from ._order import Shares, permutation
from ._recipe import Recipe
from ._samples import Samples
from ._workers import Address


@dataclass(eq=False)
class Maker:
    """Makes unfilled batches; all that they depend on, so that it may travel to other processes.

    Args:
        recipe: What happens to a sample.
        samples: Where samples are read.
        shares: Which of them a batch has.
        seed: That of order and draws.
        shuffle: Whether an epoch has an order of its own.
        on_error: "raise", "skip" or "replace".
        mixer: Joins the samples of a batch with each other, or None.
        cache: What the samples keep their pictures in, or None.

    """

    recipe: Recipe
    samples: Samples
    shares: Shares
    seed: int
    shuffle: bool
    on_error: str
    mixer: Mixer | None
    cache: MemoryCache | DiskCache | None = None

    def __post_init__(self) -> None:
        self._others = {
            name: Others(self.recipe, self.samples) for name in joined_keys(self.recipe.pipeline)
        }

    def order(self, epoch: int) -> NDArray[np.intp]:
        """All samples in the order of an epoch."""
        count = self.shares.samples
        if len(self.samples) != count:
            raise RuntimeError(
                f"the source had {count} samples when the sequence was made, now it has "
                f"{len(self.samples)}; a source that changes needs a new sequence"
            )
        return permutation(self.seed, epoch, count) if self.shuffle else np.arange(count)

    @property
    def identity(self) -> dict[str, Any]:
        """What the batches of an epoch are decided by, beside the data and the pipeline."""
        return {
            "seed": self.seed,
            "samples": len(self.samples),
            "global_batch_size": self.shares.batch_size * self.shares.count,
            "shuffle": self.shuffle,
            "drop_last": self.shares.drop_last,
        }

    def checked(self, owner: str, state: Mapping[str, Any]) -> tuple[int, int]:
        """Epoch and batch of a saved state, if it is of the same batches."""
        if not isinstance(state, Mapping):
            raise refuse(owner, "load_state_dict(state)", "a dict that state_dict gave", state)
        for name, value in self.identity.items():
            if state.get(name) != value:
                raise ValueError(
                    f"{owner}.load_state_dict: the state is of {name}={state.get(name)!r}, the "
                    f"sequence has {name}={value!r}, so that its batches are others"
                )
        epoch, batch = (whole(owner, f"state[{n!r}]", state.get(n), 0) for n in ("epoch", "batch"))
        if batch >= self.shares.batches:
            raise refuse(owner, "state['batch']", f"below {self.shares.batches}", batch)
        hosts = whole(owner, "state['hosts']", state.get("hosts"), 1)
        if not self.shares.same_after(batch, hosts):
            raise ValueError(
                f"{owner}.load_state_dict: the state is of {hosts} hosts, the sequence of "
                f"{self.shares.count}; at batch {batch} of {self.shares.batches} some hosts have "
                f"kept back a sample for the last batch, so that as many of them as before must "
                f"end this epoch, or state | {{'batch': 0}} begins it anew"
            )
        return epoch, batch

    def batch(self, address: Address) -> Batch:
        """The batch of an address, not filled yet."""
        epoch, number = address
        mine = self.shares.mine(self.order(epoch))
        keys = [(self.seed, epoch, sample) for sample in self.shares.batch(mine, number)]
        rescue = Rescue.of(self.on_error, mine, self.samples.file)
        batch = Batch(self.recipe, keys, self._read, rescue, self.mixer)
        batch.file = self.samples.file
        return batch

    def _read(self, index: int) -> dict[str, Any]:
        """A sample, with a view of all others if the pipeline asks for them."""
        return {**self._others, **self.samples[index]} if self._others else self.samples[index]
