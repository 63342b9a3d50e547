#!/usr/bin/env bash
# The fused optimizers of a processor take numbers in the order of memory, and do not ask whether that is the
# same order for weights, gradients and running means. In torch 2.14.1 Adam, AdamW, SGD and Adagrad
# with fused=True silently pair the wrong numbers where layouts differ; the plain and the foreach ones do it right.
# Autograd itself makes gradients in the layout of the weights, so ordinary training is fine. It goes wrong
#  1. after a checkpoint: a state that was saved as contiguous tensors (safetensors takes no others) and is loaded
#     with load_state_dict keeps that layout, beside a channels_last model;
#  2. where p.grad is assigned, from autograd.grad of a copy, from numpy or from another process.
# Nothing is raised (for a GPU users report a RuntimeError in such a case). To check: one step with foreach=True.
# Needs a package registry, nothing else.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'torch==2.14.1' 'safetensors==0.8.0' packaging numpy
"$folder/venv/bin/python" - "$folder" <<'P'
import sys
import torch
from safetensors.torch import load_file, save_file
print("torch", torch.__version__)
torch.manual_seed(0)
start, grads = torch.randn(8, 16, 3, 3), torch.randn(3, 8, 16, 3, 3)

def layer(layout): return torch.nn.Parameter(start.clone().contiguous(memory_format=layout))

# 1. a run that goes on from a file
def resumed(file, **how):
    "Two steps, a state that went through a file, and one step more"
    p = layer(torch.channels_last)
    opt = torch.optim.Adam([p], lr=0.1, **how)
    for g in grads[:2]: p.grad = g.contiguous(memory_format=torch.channels_last); opt.step()
    state = opt.state_dict()
    save_file({k: v.contiguous() for k, v in state['state'][0].items()}, file)
    state['state'][0] = load_file(file)
    again = torch.optim.Adam([p], lr=0.1, **how)
    again.load_state_dict(state)
    p.grad = grads[2].contiguous(memory_format=torch.channels_last)
    again.step()
    return p.detach(), again.state[p]['exp_avg'].is_contiguous()

file = f'{sys.argv[1]}/state.safetensors'
right, _ = resumed(file, foreach=True)
wrong, contiguous = resumed(file, fused=True)
gap = (right-wrong).abs().max().item()
print(f'going on from a file: state contiguous beside a channels_last weight: {contiguous}; weights differ by {gap:.3f}')
assert contiguous and gap > 0.01, 'a resumed state is taken in the right order now'

# 2. gradients that are assigned
kinds = dict(Adam=torch.optim.Adam, AdamW=torch.optim.AdamW, SGD=torch.optim.SGD, Adagrad=torch.optim.Adagrad)
def one_step(kind, layout, **how):
    p = layer(layout)
    p.grad = grads[0].clone()
    kind([p], lr=0.1, **how).step()
    return p.detach()

for name, kind in kinds.items():
    right = one_step(kind, torch.channels_last, foreach=True)
    same, other = (one_step(kind, layout, fused=True) for layout in (torch.contiguous_format, torch.channels_last))
    gaps = [(w-right).abs().max().item() for w in (same, other)]
    print(f'{name:8} fused: same layout {gaps[0]:.1e}, another {gaps[1]:.3f}')
    assert gaps[0] < 1e-5 and gaps[1] > 0.01, f'{name} has changed'
P
