#!/usr/bin/env bash
# torch 2.14.1, CPU. A query that may look at nothing: all of its row of the mask is closed, or all keys of its
# sequence are padding (an empty prompt in a batch). scaled_dot_product_attention answers zeros for it, with a mask
# of booleans and with one of -inf, so the NaN that softmax gives there seems to be a thing of the past.
# nn.MultiheadAttention keeps both answers and chooses by a flag that seems to be about something else: with
# need_weights=False it answers as that function does, with need_weights=True, its default, the same query gets NaN.
# The flag says what is returned beside the answer; the answer itself changes with it. A network that was tried with
# one call and is trained with the other meets NaN from its first empty prompt, in the gradients as well.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'torch==2.14.1' numpy
"$folder/venv/bin/python" - <<'PY'
import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

print('torch', torch.__version__)
torch.manual_seed(0)
x = torch.randn(2, 3, 8)
empty = torch.tensor([[False]*3, [True]*3]) # all of the second sequence is padding
attend = nn.MultiheadAttention(8, 2, batch_first=True, bias=False)


def kind(t):
    "What stands in the second sequence's answer"
    return 'NaN' if t.isnan().all() else 'zeros' if (t == 0).all() else 'numbers'


def answers(need_weights):
    "Of the module: first sequence, second sequence, gradient of the weights"
    attend.zero_grad()
    out,_ = attend(x, x, x, key_padding_mask=empty, need_weights=need_weights)
    out.sum().backward()
    grad = attend.in_proj_weight.grad
    return kind(out[0]), kind(out[1]), 'NaN' if grad.isnan().any() else 'finite'


mask = ~empty[:, None, :].expand(2, 3, 3)
plain = kind(scaled_dot_product_attention(x, x, x, attn_mask=mask)[1])
found = dict(function=plain, without=answers(False), with_=answers(True))
for name, said in found.items(): print(name.strip('_'), said)
assert found == dict(function='zeros', without=('numbers', 'zeros', 'finite'),
                     with_=('numbers', 'NaN', 'NaN')), 'CHANGED'
print('as described')
PY
