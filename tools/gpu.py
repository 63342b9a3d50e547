"""What only a GPU can show, in at most eight minutes and with no network; on a CPU the same in small.

    python tools/gpu.py [--out gpu.csv] [--minutes 2]

Writes one table: device, torch, row, value, unit. Ends with exit code 1 if a row is not what it must be."""
import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', ':4096:8') # sums in one order: before CUDA begins
os.environ.setdefault('HF_HUB_OFFLINE', '1')
import torch
from miniddpm.basics import default_device, forked_rng, rng_state, set_rng_state, set_seed
from miniddpm.data import Batches, fashion_pictures
from miniddpm.denoiser import Denoiser, min_snr, x0_target
from miniddpm.files import write_table
from miniddpm.learner import best_precision, Learner
from miniddpm.models import evaluate, generate
from miniddpm.pictures import to_float
from miniddpm.schedules import logit_normal, stratified
from miniddpm.training.callbacks import ClipGrad, EMA, Recorder
from miniddpm.training.checkpoint import Checkpoint
from miniddpm.training.optim import Muon
from miniddpm.unet import UNet
from measuring import (
    breaks, forget_memory, Looks, memory, parameters, repeatable, same, Table, Theirs, wait, waits)


@dataclass
class Plan:
    "How much of everything"
    unet: dict = field(default_factory=partial(dict, widths=(64, 128), blocks=2, attend=(1,), patch=2))
    bs: int = 256
    steps: int = 100 # of each measurement
    budget: dict = field(default_factory=lambda: dict(minutes=2.)) # of the two long runs
    samples: int = 500 # to score
    calls: int = 20 # of the network, for each sample that is scored
    compiler: str = 'inductor'


SMALL = Plan(dict(widths=(8, 16), patch=2), 16, 3, dict(steps=4), 8, 5, 'eager')


# What is trained

def denoiser(net, device):
    "A network in training, with labels"
    return Denoiser(net, x0_target, logit_normal, drop=0.1, weight=min_snr, draw=stratified).to(device)


def ours(plan, device):
    "The UNet of the library"
    set_seed(0)
    return denoiser(UNet(classes=10, **plan.unet), device)


def theirs(plan, device):
    "Theirs, of the width that comes nearest to our parameters"
    blocks = plan.unet.get('blocks', 1)
    wanted = parameters(ours(plan, 'cpu'))
    def distance(width):
        with torch.device('meta'): return abs(parameters(Theirs(width, blocks)) - wanted)

    width = min(range(8, 136, 8), key=distance)
    set_seed(0)
    return denoiser(Theirs(width, blocks), device)


def loss(model, x, y): return model.loss(x, y)


def learner(model, batches, *callbacks, loss=loss, **how):
    "As the command trains"
    return Learner(model, batches, loss, lr=2e-3, opt=Muon, callbacks=[EMA(), ClipGrad(), *callbacks], **how)


def speed(learn, plan):
    "Images a second, after a few steps to warm up"
    learn.fit(steps=3)
    wait(learn.device)
    start = time.perf_counter()
    learn.fit(steps=plan.steps)
    wait(learn.device)
    return round(plan.steps*plan.bs/(time.perf_counter()-start), 1)


# Precision

def precisions(device):
    "What this device can compute in"
    found = {'float32': None, 'bfloat16': torch.bfloat16, 'float16': torch.float16}
    half = getattr(torch.ops.mkldnn, '_is_mkldnn_fp16_supported', bool)
    if device.type == 'cpu' and not half(): del found['float16']
    return found


def precision(table, plan, batches):
    "Training in float32, bfloat16, and float16 with its scaler"
    found = precisions(batches.device)
    if 'float16' not in found: table.add('float16', 'left out', 'this processor has none')
    for name, dtype in found.items():
        recorder = Recorder()
        forget_memory(batches.device)
        learn = learner(ours(plan, batches.device), batches, recorder, precision=dtype)
        table.add(f'{name}: speed', speed(learn, plan), 'images/s')
        table.add(f'{name}: memory', memory(batches.device), 'MB')
        table.add(f'{name}: loss at the end', round(learn.loss, 4))

        # what must be
        weights = all(bool(p.isfinite().all()) for p in learn.averaged.parameters())
        table.add(f'{name}: weights are finite', weights, must=True)
        fallen = learn.loss < recorder.losses[0]/2
        if plan.steps >= 100: table.add(f'{name}: loss has fallen', fallen, must=True)
        if dtype == torch.float16: table.add(f'{name}: scale of the loss', learn.scaler.get_scale())


# Compilation, and looks at the device

def looks(table, plan, batches):
    "A step looks at no value of the device, but for the learner, once: is the loss a number?"
    device = batches.device
    learn = learner(ours(plan, device), batches).fit(steps=2)
    learn.batch = next(iter(batches))
    x, y = learn.batch
    with Looks(device) as seen: learn.model.net(x, x[:, 0, 0, 0], y).sum().backward()
    table.add('network: looks at values', seen.count, 'a step', must=0)

    # the loss draws levels on the CPU and looks at them there
    if device.type == 'cuda':
        with Looks(device) as seen: loss(learn.model, x, y).backward()
        table.add('loss: looks at values', seen.count, 'a step', must=0)
    found = []
    with waits(device, found): loss(learn.model, x, y).backward()
    for n in found: table.add('loss: CUDA waits', n, 'a step', must=0)
    with Looks(device) as seen: learn.fit_batch()
    most = 1 if device.type == 'cuda' else None # on a CPU it looks at lists of numbers, too
    table.add('learner: looks at values', seen.count, 'a step', must=most)


def compiled(table, plan, batches):
    "torch.compile of the training step"
    device = batches.device
    x, y = next(iter(batches))
    model = ours(plan, device)
    table.add('network: graph breaks', breaks(model.net, x, x[:, 0, 0, 0], y), must=0)
    table.add('loss: graph breaks', breaks(partial(loss, model), x, y), must=0)

    # the step with a compiled network
    torch._dynamo.reset()
    start = time.perf_counter()
    model.net.compile(backend=plan.compiler)
    learn = learner(model, batches, precision=best_precision(device)).fit(steps=2)
    wait(device)
    table.add(f'compiled ({plan.compiler}): until the second step', round(time.perf_counter()-start, 1), 's')
    table.add(f'compiled ({plan.compiler}): speed', speed(learn, plan), 'images/s')
    table.add('compiled: loss is a number', learn.loss == learn.loss, must=True)


# To the bit

class Halt(Checkpoint):
    "Ends a run in the middle, as Ctrl-C does"
    def before_step(self, learn):
        if learn.step == 5: raise KeyboardInterrupt


def resume(table, plan, batches):
    "A run that was interrupted goes on to the same weights"
    how = dict(precision=best_precision(batches.device))
    def run(*callbacks): return learner(ours(plan, batches.device), batches, *callbacks, **how).fit(steps=10)

    with repeatable(), tempfile.TemporaryDirectory() as top:
        path = Path(top, 'run.safetensors')
        whole, again = run(), run()
        table.add('the same run twice: the same weights', same(whole.model, again.model), must=True)
        stopped = run(Halt(path))
        going_on = run(Checkpoint(path, resume=True))
    table.add('stopped after', stopped.step, 'steps', must=5)
    table.add('resumed: the same weights', same(whole.model, going_on.model), must=True)
    table.add('resumed: the same average', same(whole.averaged, going_on.averaged), must=True)


def random_numbers(table, device):
    "States of the random numbers come back, on the device too"
    def draw(): return torch.cat([torch.randn(5, device=device).cpu(), torch.randn(5)])
    state = rng_state(device)
    first = draw()
    set_rng_state(state, device)
    table.add('random numbers come back', torch.equal(first, draw()), must=True)

    set_rng_state(state, device)
    with forked_rng(device): draw()
    table.add('random numbers outside a fork stay', torch.equal(first, draw()), must=True)


# Samples

def samples(table, plan, batches):
    "The same seed draws the same pictures"
    model = ours(plan, batches.device)
    learner(model, batches).fit(steps=2)
    draw = partial(generate, model, 2*plan.samples, 10, seed=3)
    first = draw()
    wait(batches.device)
    start = time.perf_counter()
    second = draw()
    seconds = time.perf_counter()-start

    table.add('generate: the same seed, the same pictures', torch.equal(first, second), must=True)
    table.add('generate: pictures are finite', bool(first.isfinite().all()), must=True)
    table.add('generate: speed in 10 steps', round(len(first)/seconds, 1), 'images/s')
    other = draw(bs=50)
    table.add('generate: largest difference, 50 at a time', round((first-other).abs().max().item(), 6))


# Two long runs

def long_run(table, plan, batches, name, model):
    "Train, and score samples"
    device = batches.device
    forget_memory(device)
    learn = learner(model, batches, precision=best_precision(device)).fit(**plan.budget)
    table.add(f'{name}: parameters', parameters(model))
    table.add(f'{name}: training', round(learn.place.seconds/60, 2), 'minutes')
    table.add(f'{name}: speed', round(learn.step*plan.bs/learn.place.seconds, 1), 'images/s')
    table.add(f'{name}: memory', memory(device), 'MB')
    table.add(f'{name}: loss at the end', round(learn.loss, 4))

    # samples, and what real pictures get
    real = to_float(batches.x[:2*plan.samples])
    scores, floor = evaluate(learn.averaged, real, plan.samples, plan.calls)
    for kind in 'fid', 'kid':
        said = f'where real pictures get {floor[kind]:.3f}'
        table.add(f'{name}: {kind.upper()} of {plan.samples} samples', round(scores[kind], 3), said)


def main(path, minutes):
    "All of it; how many rows are not what they must be"
    start = time.perf_counter()
    device = default_device()
    plan = Plan(budget=dict(minutes=minutes)) if device.type == 'cuda' else SMALL
    if device.type == 'cpu': torch.set_num_threads(1) # so small that several are slower
    table = Table(device)
    batches = Batches(fashion_pictures()['train'], bs=plan.bs, drop_last=True)

    random_numbers(table, device)
    for part in precision, looks, resume, samples: part(table, plan, batches)
    long_run(table, plan, batches, 'miniddpm', ours(plan, device))
    try: long_run(table, plan, batches, 'diffusers', theirs(plan, device))
    except ImportError: table.add('diffusers', 'left out', 'it is not installed')
    compiled(table, plan, batches)

    table.add('in all', round(time.perf_counter()-start), 's')
    write_table(path, table.rows)
    for said in table.wrong: print(said)
    return len(table.wrong)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--out', type=Path, default=Path('gpu.csv'), help='the table')
    parser.add_argument('--minutes', type=float, default=2., help='of each of the two long runs, on a GPU')
    args = parser.parse_args()
    sys.exit(min(main(args.out, args.minutes), 1))
