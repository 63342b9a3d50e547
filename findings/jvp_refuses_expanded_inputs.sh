#!/usr/bin/env bash
# torch 2.14.1: forward-mode derivatives refuse an input that is a broadcast view, and it depends on the tangent's layout.
# One time for a whole batch is often written t.expand(N), or a batch as x.expand(N, ...). As an input of torch.func.jvp:
#  1. a tangent of its own memory, as torch.ones(N), raises "more than one element of the written-to tensor refers to
#     a single memory location", an error about writing, where nobody has written to the input;
#  2. a tangent that is expanded just so is taken, and the answer is right;
#  3. jacfwd and a plain dual tensor (torch.autograd.forward_ad) raise it, too; but torch.func.linearize,
#     torch.func.vjp and torch.autograd.functional.jvp take the same input with the same tangent.
# So code that works by reverse mode fails when its derivative is taken forward, as for MeanFlow or the continuous
# consistency models. The tangent seems to be stored in the layout of its input. Remedy: expand(...).contiguous().
# Needs a package registry, nothing else.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'torch==2.14.1' 'numpy' 2> "$folder/pip" || { cat "$folder/pip"; exit 1; }
"$folder/venv/bin/python" -W ignore - <<'P'
import torch
from torch.autograd import forward_ad, functional
from torch.func import jacfwd, jvp, linearize, vjp

print('torch', torch.__version__)
def f(x, t): return x*t[:, None]
x, v = torch.randn(4, 2), torch.randn(4, 2)
view, dense = torch.tensor(0.3).expand(4), torch.full((4,), 0.3)
right = v*0.3 + x # derivative in the direction (v, 1)

def dual():
    with forward_ad.dual_level(): return forward_ad.make_dual(view, torch.ones(4))

ways = {
    'jvp, input with memory of its own': (lambda: jvp(f, (x, dense), (v, torch.ones(4)))[1], True),
    'jvp, expanded input': (lambda: jvp(f, (x, view), (v, torch.ones(4)))[1], False),
    'jvp, expanded input and tangent': (lambda: jvp(f, (x, view), (v, torch.ones(()).expand(4)))[1], True),
    'jvp, contiguous()': (lambda: jvp(f, (x, view.contiguous()), (v, torch.ones(4)))[1], True),
    'jacfwd': (lambda: jacfwd(f, argnums=1)(x, view), False),
    'dual tensor': (dual, False),
    'linearize': (lambda: linearize(f, x, view)[1](v, torch.ones(4)), True),
    'autograd.functional.jvp': (lambda: functional.jvp(f, (x, view), (v, torch.ones(4)))[1], True),
    'vjp': (lambda: vjp(f, x, view)[1](torch.ones(4, 2))[1], True)}
for name, (way, works) in ways.items():
    try: found, said = way(), 'works'
    except RuntimeError as e: found, said = None, f'raises: {str(e)[:75]}...'
    print(f'{name:36} {said}')
    assert (found is not None) == works, name
    if works and name != 'vjp': assert torch.allclose(found, right)
    if name == 'vjp': assert torch.allclose(found, x.sum(1))
P
