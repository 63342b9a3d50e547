"""`import miniddpm.samplers` costs at most 5% more time than `import torch`.

    python tools/import_time.py

Both are started several times, in turn; the best of each counts."""
import os
import subprocess
import sys

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
    "Print both times, and whether ours is too long"
    seconds('miniddpm.samplers') # read everything from disk once
    pairs = []
    for _ in range(ROUNDS):
        pairs += [(seconds('torch'), seconds('miniddpm.samplers')) for _ in range(RUNS)]
        torch, ours = (min(times) for times in zip(*pairs))
        print(f'import torch {torch:.2f} s of processor, import miniddpm.samplers {ours:.2f} s: '
              f'{ours/torch:.3f} times, {MOST} are allowed')
        if ours <= MOST*torch: return 0
    return 1


if __name__ == '__main__': sys.exit(main())
