#!/usr/bin/env bash
# Half the bytes, several times the time. On a processor group norm is memory-bound, so one expects bfloat16
# to be as quick as float32 or quicker. In torch 2.14.1 (CPU build), on a channels_last tensor of a small UNet
# (64 x 96 x 14 x 14), group norm and SiLU, forward and backward, take more than twice as long in bfloat16,
# although convolutions are nearly twice as quick in it where the processor has units for it. The contiguous
# layout shows less of it. So autocast alone is best (it leaves group norm to the type of its input: cast the
# input up to float32 before the norm), and a model cast with .bfloat16() trains slower than it must.
# Run on an x86-64 processor with AVX-512 and bfloat16 units; needs a package registry, nothing else.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'torch==2.14.1' numpy
OMP_NUM_THREADS=1 "$folder/venv/bin/python" - <<'P'
import time
import torch
import torch.nn.functional as F
print('torch', torch.__version__)

def best(f): # milliseconds, the quickest of ten
    for _ in range(3): f()
    times = []
    for _ in range(10):
        start = time.perf_counter()
        f()
        times.append(time.perf_counter()-start)
    return min(times)*1000

def ready(dtype, layout):
    x = torch.randn(64, 96, 14, 14).to(dtype).contiguous(memory_format=layout).requires_grad_()
    weight, bias = torch.ones(96, dtype=dtype), torch.zeros(96, dtype=dtype)
    wanted = torch.randn_like(x)
    return lambda: F.silu(F.group_norm(x, 12, weight, bias)).backward(wanted)

took = {(layout, dtype): best(ready(dtype, layout)) for layout in (torch.channels_last, torch.contiguous_format)
        for dtype in (torch.float32, torch.bfloat16)}
for (layout, dtype), t in took.items(): print(f'{str(layout):25} {str(dtype):15} {t:6.2f} ms')
ratio = took[torch.channels_last, torch.bfloat16]/took[torch.channels_last, torch.float32]
print(f'channels_last: bfloat16 takes {ratio:.1f} times as long')
assert ratio > 1.5, 'bfloat16 has caught up'
P
