"`import miniddpm.samplers` costs at most 10% more time than `import torch` (the best of several runs each, taken in turn)"
import subprocess, sys, time

def seconds(module):
    "Time of a new Python that imports one module"
    start = time.perf_counter()
    subprocess.run([sys.executable, '-c', f'import {module}'], check=True)
    return time.perf_counter() - start

seconds('miniddpm.samplers') # read everything from disk once
pairs = [(seconds('torch'), seconds('miniddpm.samplers')) for _ in range(7)]
torch, ours = (min(times) for times in zip(*pairs))
print(f'import torch {torch:.2f} s, import miniddpm.samplers {ours:.2f} s')
sys.exit(ours > 1.1*torch)
