"""What worker processes run; they import this file, so it imports little."""

import os

from core_helpers import IMAGE, Hooked, Noise, Show, values

import probaug as A


def pipeline(seed=None):
    return A.Compose(
        [Show(p=1), A.OneOf([Show(p=1), Noise(p=1)], p=1), Hooked(p=1)],
        seed=seed,
        save_applied_params=True,
    )


SEEDED = pipeline(seed=42)
UNSEEDED = pipeline()
GLOBAL = {42: SEEDED, None: UNSEEDED}
KEYS = [(7, epoch, index) for epoch in range(2) for index in range(5)]


def one(node, key=None):
    """A call's draw, as a value that can be compared."""
    applied = node(image=IMAGE, key=key)["applied_transforms"]
    return tuple(v for v in values(applied) if not isinstance(v, tuple))


def by_global(task):
    """Several bare calls of the pipeline that the module holds."""
    seed, count = task
    return os.getpid(), [one(GLOBAL[seed]) for _ in range(count)]


def by_argument(task):
    """Several bare calls of the pipeline that came with the task, pickled."""
    node, count = task
    return os.getpid(), [one(node) for _ in range(count)]


def both(task):
    """Bare calls of two pipelines with the same seed."""
    node, count = task
    return os.getpid(), [draw for _ in range(count) for draw in (one(node), one(SEEDED))]


def keyed(node):
    """What keys decide: (seed, epoch, index) for any pipeline, an index for a seeded one."""
    return [one(node, key) for key in KEYS] + [one(SEEDED, index) for index in range(5)]


_kept = None


def keep(node):
    """A pool's initializer: hold the pipeline for the tasks to come."""
    global _kept
    _kept = node


def by_kept(count):
    return os.getpid(), [one(_kept) for _ in range(count)]


def send(queue, node, count):
    """A process of its own."""
    queue.put((os.getpid(), [one(node) for _ in range(count)]))


def forks(task):
    """A worker that forks without the help of multiprocessing, twice."""
    node, count = task
    draws = [one(node) for _ in range(count)]
    for _ in range(2):
        draws += in_fork(lambda: [one(node) for _ in range(count)])
    return os.getpid(), draws + [one(node) for _ in range(count)]


def in_fork(work):
    """What a function gives in a plain fork of this process: lists of tuples of numbers."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(writer, repr(work()).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb") as pipe:
        text = pipe.read().decode()
    os.waitpid(pid, 0)
    return eval(text)  # numbers written a line ago
