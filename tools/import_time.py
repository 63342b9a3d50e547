"""`import miniddpm.samplers` costs at most 5% more time than `import torch`.

    python tools/import_time.py

Both are started several times, in turn. Each start is held against its neighbour, and the middle one of
these ratios counts: a machine that is quick for a moment is quick for both."""
import os
import subprocess
import sys
from statistics import median

RUNS = 7
ROUNDS = 3 # at most; the runs of all rounds count
MOST = 1.05


def seconds(module):
    "Processor time of a new Python that imports one module; it hardly minds what else is running"
    before = os.times()
    subprocess.run([sys.executable, '-c', f'import {module}'], check=True)
    after = os.times()
    user = after.children_user - before.children_user
    return user + after.children_system - before.children_system


def main():
    "Print how both compare, and say whether ours is too long"
    seconds('miniddpm.samplers') # read everything from disk once
    pairs = []
    for _ in range(ROUNDS):
        pairs += [(seconds('torch'), seconds('miniddpm.samplers')) for _ in range(RUNS)]
        ratio = median(ours/torch for torch, ours in pairs)
        print(f'import miniddpm.samplers takes {ratio:.3f} times what import torch takes '
              f'({len(pairs)} pairs); {MOST} are allowed')
        if ratio <= MOST: return 0
    return 1


if __name__ == '__main__': sys.exit(main())
