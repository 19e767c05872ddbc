"""Worker processes: no draw is ever repeated, and a key means the same everywhere."""

import multiprocessing
import os
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
import worker_jobs
from worker_jobs import GLOBAL, KEYS, in_fork, one, pipeline

import probaug as A

METHODS = [
    m for m in ("fork", "spawn", "forkserver") if m in multiprocessing.get_all_start_methods()
]
WORKERS, CALLS = 4, 6

# Python 3.12 and later warn of forks in a process with threads; other tests may leave some
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
seeds = pytest.mark.parametrize("seed", [None, 42])


@pytest.fixture(scope="module", params=METHODS)
def context(request):
    return multiprocessing.get_context(request.param)


@pytest.fixture(scope="module")
def pool(context):
    """One persistent pool for a start method: starting processes is what costs here."""
    with context.Pool(WORKERS) as pool:
        yield pool


def all_different(results, count, workers=1):
    draws = [draw for _, drawn in results for draw in drawn]
    assert len(draws) == count
    assert len({pid for pid, _ in results}) >= workers
    assert len(set(draws)) == count
    for place in range(1, 3):  # each number by itself, too
        assert len({draw[place] for draw in draws}) == count


@seeds
def test_persistent_pool_two_epochs(pool, seed):
    """Pipelines held by a module, as a data set holds them."""
    results = [
        result for _ in range(2) for result in pool.map(worker_jobs.by_global, [(seed, CALLS)] * 8)
    ]
    all_different(results, 2 * 8 * CALLS)


@seeds
def test_pipelines_pickled_per_task(pool, seed):
    node = pipeline(seed)
    one(node)
    results = [
        result for _ in range(2) for result in pool.map(worker_jobs.by_argument, [(node, 3)] * 12)
    ]
    all_different(results, 2 * 12 * 3)


def test_two_pipelines_of_one_seed_in_one_worker(pool):
    results = pool.map(worker_jobs.both, [(pipeline(42), 4)] * 8)
    all_different(results, 2 * 8 * 4)


def test_keys_mean_the_same_everywhere(pool):
    node = pipeline()
    here = worker_jobs.keyed(node)
    assert len(set(here)) == len(KEYS) + 5
    assert pool.map(worker_jobs.keyed, [node] * 8, chunksize=1) == [here] * 8


@needs_fork
@seeds
def test_forks_of_workers(pool, seed):
    """A worker's identity is inherited by what it forks itself."""
    results = pool.map(worker_jobs.forks, [(pipeline(seed), 3)] * 4, chunksize=1)
    all_different(results, 4 * 4 * 3)


@seeds
def test_pool_made_anew_for_each_epoch(context, seed):
    """As data loaders without persistent workers do; the parent calls in between."""
    node = pipeline(seed)
    results = [(os.getpid(), [one(node)])]
    for _ in range(2):
        workers = WORKERS if context.get_start_method() == "fork" else 2
        with context.Pool(workers, worker_jobs.keep, (node,)) as pool:
            results += pool.map(worker_jobs.by_kept, [CALLS] * 2 * workers, chunksize=1)
        results.append((os.getpid(), [one(node)]))
    all_different(results, sum(len(drawn) for _, drawn in results), workers=3)


@seeds
def test_processes_of_their_own(context, seed):
    node = pipeline(seed)
    queue = context.SimpleQueue()
    count = WORKERS if context.get_start_method() == "fork" else 2
    processes = [
        context.Process(target=worker_jobs.send, args=(queue, node, CALLS)) for _ in range(count)
    ]
    for process in processes:
        process.start()
    results = [queue.get() for _ in processes]
    for process in processes:
        process.join()
    all_different(results, count * CALLS, workers=count)


@seeds
def test_executor(seed):
    context = multiprocessing.get_context(METHODS[0])
    node = pipeline(seed)
    results = []
    for _ in range(2):
        with ProcessPoolExecutor(WORKERS, mp_context=context) as executor:
            results += executor.map(worker_jobs.by_argument, [(node, CALLS)] * 8)
    all_different(results, 2 * 8 * CALLS)


@needs_fork
@seeds
def test_plain_forks(seed):
    node = pipeline(seed)
    before = [one(node) for _ in range(3)]
    results = [(0, before)]
    for _ in range(4):
        results.append((0, in_fork(lambda: [one(node) for _ in range(CALLS)])))
    results.append((0, [one(node) for _ in range(3)]))
    all_different(results, 3 + 4 * CALLS + 3)


@needs_fork
@seeds
def test_forks_of_forks(seed):
    node = pipeline(seed)

    def child():
        mine = [one(node) for _ in range(3)]
        return mine + in_fork(lambda: [one(node) for _ in range(3)]) + [one(node)]

    results = [(0, in_fork(child)) for _ in range(2)] + [(0, [one(node) for _ in range(3)])]
    all_different(results, 2 * 7 + 3)


@needs_fork
def test_fork_between_the_calls_of_a_stream_leaves_the_parent_alone():
    node, twin = pipeline(42), pipeline(42)
    expected = [one(twin) for _ in range(6)]
    drawn = [one(node) for _ in range(3)]
    in_fork(lambda: [one(node) for _ in range(3)])
    assert drawn + [one(node) for _ in range(3)] == expected


@needs_fork
def test_a_lock_held_while_forking_does_not_stop_the_child():
    from probaug.core import random as core_random

    with core_random._restarting:
        drawn = in_fork(lambda: [one(pipeline(seed)) for seed in (None, 42)])
    assert len(set(drawn)) == 2


def test_workers_repeat_themselves_from_run_to_run():
    """A seeded worker draws by its place among the workers, not by its process number."""
    code = (
        "import multiprocessing as m, worker_jobs as w\n"
        "if __name__ == '__main__':\n"
        "    with m.get_context('fork').Pool(1) as pool:\n"
        "        print(pool.map(w.by_global, [(42, 3)])[0][1])\n"
    )
    if "fork" not in METHODS:
        pytest.skip("there is no fork here")
    import subprocess

    folder = os.path.dirname(__file__)
    path = os.pathsep.join([folder, os.path.dirname(folder), os.environ.get("PYTHONPATH", "")])
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": path},
        ).stdout
        for _ in range(2)
    ]  # fmt: skip
    assert runs[0] == runs[1]
    assert len(eval(runs[0])) == 3


def test_this_process_is_no_worker():
    """A seeded main process starts at (seed, 0, 0), whatever was forked before."""
    if multiprocessing.parent_process() is not None:
        pytest.skip("the tests run in a worker process themselves")
    assert one(pipeline(42)) == one(GLOBAL[42], (42, 0, 0))


def test_a_process_may_unpickle_a_pipeline_before_it_makes_a_transform():
    """What is worked out for a class with its first object was missing then."""
    node = A.Compose([A.Rotate(p=1), A.RandomBrightnessContrast(p=1)])
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    code = (
        "import pickle, sys, numpy as np\n"
        "node = pickle.load(sys.stdin.buffer)\n"
        "image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)\n"
        "sys.stdout.buffer.write(node(image=image, key=(1, 2, 3))['image'].tobytes())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(node), capture_output=True, check=True
    )
    assert done.stdout == node(image=image, key=(1, 2, 3))["image"].tobytes()
