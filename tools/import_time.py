"`import miniddpm.samplers` costs at most 10% more time than `import torch` (the best of several runs each, taken in turn)"
import os, subprocess, sys

def seconds(module):
    "Processor time of a new Python that imports one module: unlike the clock's, it hardly minds what else is running"
    before = os.times()
    subprocess.run([sys.executable, '-c', f'import {module}'], check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system

seconds('miniddpm.samplers') # read everything from disk once
pairs = [(seconds('torch'), seconds('miniddpm.samplers')) for _ in range(7)]
torch, ours = (min(times) for times in zip(*pairs))
print(f'import torch {torch:.2f} s, import miniddpm.samplers {ours:.2f} s of processor time')
sys.exit(ours > 1.1*torch)
