#!/usr/bin/env bash
# diffusers 0.42.1: with `rescale_betas_zero_snr=True` and linear betas, four schedulers have a noise schedule that
# turns back at its noisy end. EulerDiscrete, EulerAncestralDiscrete, DPMSolverMultistep and UniPCMultistep put 2^-24
# in the place of the last alpha-bar, which would be 0 and give an infinite sigma. But with linear betas (their default)
# the three alpha-bars before it are smaller: 4.2e-9, 1.7e-8, 3.9e-8. So the step of "pure noise" is only the fourth
# noisiest, with a sigma of 4096 beside 15406 in the step before the last; with all 1000 steps, the first step of
# sampling goes to *more* noise. Whoever takes `alphas_cumprod` for a falling table (to invert it, to interpolate in
# it) is wrong in these. DDIM and DDPM keep the exact 0; with scaled_linear or cosine betas all of them fall.
set -eu
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install -q 'diffusers==0.42.1' 'torch==2.14.1' numpy
cd "$here"
cat > look.py <<'PY'
import diffusers
from diffusers import (DDIMScheduler, DPMSolverMultistepScheduler, EulerAncestralDiscreteScheduler,
                       EulerDiscreteScheduler, UniPCMultistepScheduler)

print('diffusers', diffusers.__version__)
for kind in (EulerDiscreteScheduler, EulerAncestralDiscreteScheduler, DPMSolverMultistepScheduler,
             UniPCMultistepScheduler, DDIMScheduler):
    for betas in 'linear', 'scaled_linear':
        abars = kind(beta_schedule=betas, rescale_betas_zero_snr=True).alphas_cumprod
        rises = (abars.diff() >= 0).nonzero().flatten().tolist()
        print(f'{kind.__name__:32} {betas:14} last three', [f'{a:.2g}' for a in abars[-3:].tolist()], 'rises at', rises)
        assert rises == ([998] if betas == 'linear' and kind is not DDIMScheduler else []), 'it is otherwise now'

euler = EulerDiscreteScheduler(rescale_betas_zero_snr=True, timestep_spacing='trailing')
euler.set_timesteps(1000)
print('sigmas of the first four of 1000 steps:', [round(s) for s in euler.sigmas[:4].tolist()])
assert euler.sigmas[0] < euler.sigmas[2] < euler.sigmas[1], 'it is otherwise now'
PY
"$here/venv/bin/python" look.py
