#!/usr/bin/env bash
# torch 2.14.1: `Optimizer.load_state_dict` gives every tensor in the state of a floating-point parameter the type of
# that parameter, whatever type it had: only the entry named `step` keeps its own. NAdam keeps its running product
# `mu_product` in float32 on purpose, and ASGD its `eta` and `mu`, also beside bfloat16 weights. A saved state_dict
# holds them in float32; they come back in bfloat16, and stay so. A run of NAdam that is saved and goes on ends with
# other weights than one that was never interrupted (Adam beside it is exact). An optimizer of one's own that counts in
# int64 or keeps a mask of bools gets them back as bfloat16, too: 16777217 becomes 16777216, True becomes 1.0.
set -eu
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install -q 'torch==2.14.1' numpy
cd "$here"
cat > look.py <<'PY'
import copy

import torch

print('torch', torch.__version__)


def steps(make, interrupted):
    torch.manual_seed(0)
    w = torch.nn.Parameter(torch.randn(100_000).bfloat16())
    opt = make([w], lr=0.01)
    for i in range(40):
        if interrupted and i == 3: # save and load, as a checkpoint does
            state = copy.deepcopy(opt.state_dict())
            opt = make([w], lr=0.01)
            opt.load_state_dict(state)
        w.grad = torch.randn(100_000, generator=torch.Generator().manual_seed(i)).bfloat16()
        opt.step()
    return w, opt.state[w]


for make in torch.optim.Adam, torch.optim.NAdam, torch.optim.ASGD:
    (w, before), (v, after) = steps(make, False), steps(make, True)
    changed = {k: (str(before[k].dtype), str(after[k].dtype)) for k in before if before[k].dtype != after[k].dtype}
    print(make.__name__, 'weights that differ:', (w != v).sum().item(), 'of 100000; types before and after:', changed)
    assert bool(changed) == (make is not torch.optim.Adam), 'the types are kept now'
    if make is torch.optim.NAdam: assert (w != v).any(), 'the run is exact now'
    if make is torch.optim.Adam: assert torch.equal(w, v)

w = torch.nn.Parameter(torch.zeros(2).bfloat16())
opt = torch.optim.SGD([w], lr=0.1)
opt.state[w].update(count=torch.tensor(2**24 + 1), mask=torch.tensor([True, False]))
again = torch.optim.SGD([w], lr=0.1)
again.load_state_dict(copy.deepcopy(opt.state_dict()))
print('count', opt.state[w]['count'], '->', again.state[w]['count'].long(), again.state[w]['count'].dtype,
      'mask ->', again.state[w]['mask'])
assert again.state[w]['count'].dtype == again.state[w]['mask'].dtype == torch.bfloat16, 'the types are kept now'
PY
"$here/venv/bin/python" look.py
