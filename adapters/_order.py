"""The order of samples in an epoch, and which epoch it is."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ._checks import refuse

# Keep random words of the adapters apart from those that draw the samples of the same seed.
_ORDER, _SPARE, _MIX = 0x0DE2, 0x5BA2E, 0x313C


def words(seed: int, purpose: int, epoch: int, index: int, count: int) -> NDArray[np.uint64]:
    """Random words that depend on nothing but the numbers given.

    Raw Philox words need nothing of NumPy that may change between releases.
    """
    key = np.random.SeedSequence(seed, spawn_key=(purpose,)).generate_state(2, np.uint64)
    return np.random.Philox(key=key, counter=[0, 0, index, epoch]).random_raw(count)


@lru_cache(maxsize=4)  # every batch of an epoch asks for it
def permutation(seed: int, epoch: int, count: int) -> NDArray[np.intp]:
    """Order ``count`` samples by random words that depend on the seed and the epoch alone."""
    order = np.argsort(words(seed, _ORDER, epoch, 0, count), kind="stable")
    order.flags.writeable = False
    return order


def spares(seed: int, epoch: int, index: int, mine: NDArray[np.intp], count: int) -> list[int]:
    """Samples, among those given, that may stand in for one that cannot be read."""
    drawn = words(seed, _SPARE, epoch, index, count)
    return [int(mine[int(word) % len(mine)]) for word in drawn.tolist()]


def mixing_seed(seed: int) -> int:
    """The seed of what is drawn to mix finished samples: not that of the samples."""
    return int(words(seed, _MIX, 0, 0, 1)[0])


@dataclass(frozen=True)
class Shares:
    """How the samples of an epoch are dealt out to hosts and batches.

    Hosts take turns, so that batch number b of all hosts together is the same for any number of
    them as long as they make up the same number of samples. All hosts have equally many batches,
    none of which is empty.

    Args:
        samples: How many there are in all.
        batch_size: Samples in a batch of one host.
        index: Which host this is.
        count: How many there are.
        drop_last: Leave out batches that are not full on all hosts.

    """

    samples: int
    batch_size: int
    index: int
    count: int
    drop_last: bool

    @classmethod
    def of(cls, owner: str, samples: int, batch_size: int, shard: Any, drop_last: bool) -> Shares:
        """Check what the user asked for."""
        pair = tuple(shard) if isinstance(shard, (tuple, list)) else ()
        if (
            len(pair) != 2
            or not all(isinstance(n, (int, np.integer)) for n in pair)
            or not 0 <= pair[0] < pair[1]
        ):
            raise refuse(owner, "shard", "(index, count) with 0 <= index < count", shard)
        shares = cls(samples, batch_size, int(pair[0]), int(pair[1]), drop_last)
        if shares.batches == 0:
            raise ValueError(
                f"{owner}.batch_size must be <= {samples // shares.count}, the samples there are "
                f"for a host, with drop_last, got {batch_size}"
            )
        if not drop_last and samples // shares.count < shares.batches:
            raise ValueError(
                f"{owner}.shard: {samples} samples do not make equally many batches of "
                f"{batch_size} for {shares.count} hosts; drop_last=True leaves some out"
            )
        return shares

    @property
    def batches(self) -> int:
        """How many an epoch has."""
        full, rest = divmod(self.samples, self.batch_size * self.count)
        return full + (rest > 0 and not self.drop_last)

    def same_after(self, batch: int, hosts: int) -> bool:
        """Whether another number of hosts would have done the same samples in so many batches."""
        sizes = {self.count: self.batch_size, hosts: self.batch_size * self.count // hosts}
        return hosts == self.count or all(
            # up to here no host has kept back samples for its last batch
            batch * size <= self.samples // count - (self.batches - batch)
            for count, size in sizes.items()
        )

    def mine(self, order: NDArray[np.intp]) -> NDArray[np.intp]:
        """This host's part of an epoch's order."""
        own = order[self.index :: self.count]
        return own[: self.batches * self.batch_size] if self.drop_last else own

    def batch(self, mine: NDArray[np.intp], number: int) -> list[int]:
        """The samples of one batch, out of this host's part."""
        low, high = (
            # a host with one sample less than others keeps one for each batch to come
            min(at * self.batch_size, len(mine) - (self.batches - at))
            for at in (number, number + 1)
        )
        chosen: list[int] = mine[low:high].tolist()
        return chosen


class EpochClock:
    """Keep the number of the epoch that is being asked for, and how far it has come.

    Keras asks for two batches and calls ``on_epoch_end`` before the first epoch of a fit, then
    brackets each epoch by ``on_epoch_begin`` and ``on_epoch_end``. So an epoch counts when it was
    begun, all its batches were asked for, and it ended. Loops without Keras need not begin it if
    it has more than two batches. With ``steps_per_epoch`` below the number of batches, Keras
    carries on with the same pass over the data in the next epoch; the number that decides order
    and draws is then that of the pass.

    Of an epoch that was resumed only the batches left are there, counted from 0.

    Args:
        epoch: The first epoch.
        batches: Batches in a pass over the data.
        frozen: Stay at the epoch set, whatever Keras does.

    """

    def __init__(self, epoch: int, batches: int, frozen: bool) -> None:
        self.epoch = epoch
        self.first = 0  # batches of the epoch that were done before it was resumed
        self.testing = False
        self.batches = batches
        self._frozen = frozen
        # Enough for a pass and for looks aside; loops without Keras never empty it.
        self._asked: deque[int] = deque(maxlen=2 * batches + 4)
        self._inside = False
        self._told: tuple[int, int] | None = None
        self._trained: int | None = None  # batches that a callback says a model was trained on
        self._before = 0  # batches of this pass in Keras' earlier epochs
        self._ended: tuple[int, int] | None = None  # what one batch alone may have ended too early
        self._cut = False  # Keras takes all epochs of this fit to be as short as the resumed one

    @property
    def left(self) -> int:
        """Batches of this epoch that there are to ask for."""
        return self.batches - self.first

    def set(self, epoch: int, first: int = 0) -> None:
        """Make this the current epoch."""
        self.epoch, self.first = epoch, first
        self._trained, self._cut = None, False
        self._asked.clear()

    def asked(self, batch: int) -> None:
        """Note that a batch was asked for."""
        if self._cut and self._inside and batch > 0:  # batch 0 may be JAX's look before a fit
            self._refuse(self.epoch - 1)
        self._asked.append(batch)

    def trained(self, count: int) -> None:
        """Note that a model was trained on so many batches of Keras' epoch."""
        self._trained = self._before + count

    def position(self, done: int | None = None) -> tuple[int, int]:
        """The epoch to go on with, and how many batches of it are done.

        Args:
            done: Batches done of those there were to ask for; None takes those that were trained
                on, or else all up to the last that was asked for.

        """
        if done is None:
            done = self._trained
        if done is None:
            done = self._asked[-1] + 1 if self._asked else 0
        if done < self.left:
            return self.epoch, self.first + done
        return (self.epoch if self._frozen else self.epoch + 1), 0

    def _refuse(self, epoch: int) -> NoReturn:
        """Raise an error for a fit of more, or of other, than the rest of an epoch."""
        self._cut = False
        raise RuntimeError(
            f"a fit that resumes within epoch {epoch} must be of its rest alone, without "
            f"steps_per_epoch, for Keras takes all epochs of a fit to be equally long: fit(..., "
            f"initial_epoch={epoch}, epochs={epoch + 1}), then fit(..., initial_epoch={epoch + 1}) "
            f"for the others; set_epoch(...) gives the rest up"
        )

    def tell(self, epoch: int, first: int, steps: int | None) -> None:
        """Take the true epoch from a callback; it holds from the next `begin`.

        Args:
            epoch: Keras' number of the epoch that begins.
            first: Keras' number of the fit's first epoch.
            steps: Steps in each of Keras' epochs.

        """
        if self._frozen:
            return
        if self._cut and epoch != first:
            self._refuse(self.epoch - 1)
        self._cut = False
        if self._ended is not None and self._ended[0] == epoch:
            self.set(*self._ended)
        self._ended = None
        if self.first and (epoch != self.epoch or steps not in (None, self.left)):
            self._refuse(self.epoch)
        whole = steps is None or steps >= self.left
        if whole and epoch != self.epoch:
            self.set(epoch)
        span = 1 if whole or not steps else -(-self.batches // steps)
        self._told = epoch, -(-first // span) + (epoch - first) // span
        self._before = (epoch - first) % span * (steps or 0)

    def begin(self) -> None:
        """Keras begins an epoch."""
        self._inside = True
        if self._told is not None:
            epoch, data_pass = self._told
            self._told = None
            epoch = epoch if self.testing else data_pass
            if epoch != self.epoch:
                self.set(epoch)

    def end(self) -> None:
        """Keras ends an epoch, or has only looked at the shapes of two batches."""
        inside, self._inside = self._inside, False
        if not inside or self._asked:  # else what Keras had taken ahead was the rest
            self._cut = False
        whole = len(set(self._asked)) >= self.left
        if self._looked_at(inside) or not (inside or whole):
            self._asked.clear()
        elif whole:
            cut = inside and self.first > 0
            self._ended = (self.epoch, self.first) if cut and self.left == 1 else None
            self.set(self.epoch if self._frozen else self.epoch + 1)
            self._cut = cut

    def _looked_at(self, inside: bool) -> bool:
        """Whether this is the look before a fit, perhaps after an epoch that never ended."""
        look = list(range(min(2, self.left)))
        asked = list(self._asked)
        before, last = asked[: -len(look)], asked[-len(look) :]
        return last == look and not (inside and set(look).isdisjoint(before))
