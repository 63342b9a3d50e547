"""`import miniddpm.samplers` costs at most 5% more time than `import torch`.

    python tools/import_time.py

A new Python imports torch, and then the rest; that is one pair of times. The middle one of their ratios
counts: what slows a start down slows both parts."""
import subprocess
import sys
from statistics import median

RUNS = 7
ROUNDS = 3 # at most; the runs of all rounds count
MOST = 1.05
START = '''
from time import process_time # it hardly minds what else is running
start = process_time()
import torch
torch_alone = process_time() - start
import miniddpm.samplers
print((process_time()-start)/torch_alone)
'''


def ratio():
    "How much longer torch and samplers take than torch, in a Python of their own"
    done = subprocess.run([sys.executable, '-c', START], check=True, capture_output=True, text=True)
    return float(done.stdout)


def main():
    "Print how both compare, and say whether ours is too long"
    ratio() # read everything from disk once
    found = []
    for _ in range(ROUNDS):
        found += [ratio() for _ in range(RUNS)]
        print(f'import miniddpm.samplers takes {median(found):.3f} times what import torch takes '
              f'({len(found)} starts); {MOST} are allowed')
        if median(found) <= MOST: return 0
    return 1


if __name__ == '__main__': sys.exit(main())
