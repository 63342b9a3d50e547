"""Break runs on purpose, and see that each ends as it should.

    python tests/broken_runs.py --kills 50 --stops 6

Kills runs at random moments and resumes them, plants NaN, sends signals."""
import argparse
import math
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
import torch
from fastprogress.fastprogress import progress_bar
from miniddpm.basics import error_of
from miniddpm.files import load_weights
from miniddpm.learner import Callback
from miniddpm.training.checkpoint import Checkpoint, NanGuard, read_checkpoint
from runs import child, content, Each, EVERY, learner, plain_loss, quiet, SHAPE, STEPS, train


# Kills

def wait_for_part(run, seconds):
    "Until half a checkpoint is there, or the time is up; is it there?"
    end = time.perf_counter() + seconds
    while time.perf_counter() < end and not list(run.glob('.*.part')): time.sleep(1e-4)
    return bool(list(run.glob('.*.part')))


def kill_once(run, seconds, rng):
    "SIGKILL at a random moment: (was it still alive, was it while a checkpoint was written)"
    pid = child(lambda: train(run))
    if rng.random() < 0.5: time.sleep(rng.uniform(0, seconds))
    else: # in the middle of a checkpoint, if one comes
        share = rng.uniform(0.2, 1)
        time.sleep(rng.uniform(0, 0.6)*share*seconds)
        wait_for_part(run, 0.4*share*seconds)
    saving = bool(list(run.glob('.*.part')))
    os.kill(pid, signal.SIGKILL)
    alive = os.waitpid(pid, 0)[1] == signal.SIGKILL

    if (run/'run.safetensors').exists(): content(run) # whole, or an error
    return alive, saving


def kills(n):
    "SIGKILL at random moments, four times a run"
    rng = random.Random(0)
    with tempfile.TemporaryDirectory() as top:
        whole = Path(top, 'whole')
        start = time.perf_counter()
        os.waitpid(child(lambda: train(whole)), 0)
        seconds = time.perf_counter()-start
        wanted = content(whole)
        assert wanted[1] == STEPS

        ends = []
        for i in progress_bar(range(n)) if sys.stdout.isatty() else range(n):
            run = Path(top, f'run{i}')
            ends += [kill_once(run, seconds, rng) for _ in range(4)]
            assert os.waitpid(child(lambda: train(run)), 0)[1] == 0, f'run {i} does not go on'
            assert content(run) == wanted, f'run {i} is another run'
            assert not list(run.glob('.*.part')), 'half a file was left behind'
    killed, saving = (sum(end) for end in zip(*ends))
    print(f"killed: {n} runs, {killed} times ({saving} while a checkpoint was written); "
          "all the same bit for bit")
    assert killed >= n


class Die(Callback):
    "Kills this process after a step"
    def __init__(self, step): self.last = step

    def after_step(self, learn):
        if learn.step == self.last: os.kill(os.getpid(), signal.SIGKILL)


def lost(n):
    "A run killed after a known step goes on from the checkpoint before that step"
    with tempfile.TemporaryDirectory() as top:
        for i in range(n):
            run = Path(top, f'run{i}')
            dying = learner(Each(run/'run.safetensors'), Die(37+i))
            os.waitpid(child(lambda: dying.fit(steps=STEPS)), 0)
            step = content(run)[1]
            assert 0 <= 37+i-step <= EVERY, f'killed at {37+i}, and only {step} was kept'
    print(f'lost by a kill: never more than the {EVERY} steps between checkpoints ({n} runs)')


# No numbers

def images(bad=False):
    "Six batches; the third one is perhaps NaN"
    x = torch.linspace(-1, 1, 16*64).reshape(16, *SHAPE)
    return [(torch.full_like(x, math.nan) if bad and i == 2 else x, None) for i in range(6)]


def times(factor):
    "A loss that is this many times the plain one"
    return lambda model, x, y: model.loss(x)*factor


def steep(model, x, y):
    "No slope where it is 0: a number, with a gradient that is none"
    return model.loss(x) + 0*(next(model.parameters())*0).sum().abs().sqrt()


def sometimes(other):
    "The plain loss, but for the third step"
    count = iter(range(10**9))
    return lambda *batch: (other if next(count) == 2 else plain_loss)(*batch)


FAULTS = {'data': (True, plain_loss), 'loss': (False, times(math.nan)),
          'infinite': (False, times(math.inf)), 'gradient': (False, steep)}


def look_at_fault(learn, action, error, top):
    "What one fault has left: its file, the rate, the average, the last checkpoint"
    file, = top.glob('fault_*')
    tensors, settings = load_weights(file, hashed=True)
    assert settings['step'] == 2, settings
    assert tensors['batch.0'].shape == (16, *SHAPE), sorted(tensors)
    assert tensors['given.1'].numel() == 16, sorted(tensors)

    # the run
    assert (learn.step, bool(error)) == ((2, True) if action == 'stop' else (5, False)), action
    assert learn.rate == (1.5e-3 if action == 'halve' else 3e-3), learn.rate
    assert all(p.isfinite().all() for p in learn.averaged.parameters()), 'the average is broken'
    assert read_checkpoint(top/'run.safetensors')['place']['step'] == learn.step


def fault(name, action):
    "One fault in the third step, and what became of it"
    bad, other = FAULTS[name]
    with tempfile.TemporaryDirectory() as top, warnings.catch_warnings(record=True) as said:
        warnings.simplefilter('always')
        beside = Checkpoint(Path(top, 'run.safetensors'), every=0), NanGuard(action, top)
        learn = learner(*beside, batches=images(bad), loss=sometimes(other))
        error = ''
        with quiet():
            try: learn.fit(steps=5)
            except FloatingPointError as e: error = str(e)
        assert bool(said) == (action != 'stop'), [str(w.message) for w in said]
        look_at_fault(learn, action, error, Path(top))


def nans():
    "NaN in the data, in the loss, in the gradient alone; and nothing but NaN"
    pairs = [(name, action) for name in FAULTS for action in ('stop', 'skip', 'halve')]
    for pair in pairs: fault(*pair)
    with tempfile.TemporaryDirectory() as top, warnings.catch_warnings():
        warnings.simplefilter('ignore')
        bad = [(torch.full((16, *SHAPE), math.nan), None)]
        learn = learner(NanGuard('skip', top), batches=bad)
        assert '10 in a row' in error_of(learn.fit, steps=5, kind=FloatingPointError)
    print(f'no numbers: {len(pairs)} of {len(pairs)} end as asked, batch and levels kept')


# Signals

CODE = '''import signal
signal.signal(signal.SIGINT, signal.default_int_handler) # also where a script has it ignored
from miniddpm.commands import train_command
train_command()'''
WORDS = '--size small --minutes 5 --bs 8 --score 0 --calls 2'.split()


def stop(kind, seconds, top):
    "Start the real command, send a signal after these seconds of training, and look at its end"
    command = [sys.executable, '-u', '-c', CODE, '--out', f'{top}/run', *WORDS]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in run.stdout:
        if 'parameters' in line: break
    time.sleep(seconds)
    run.send_signal(kind)

    # what it said, and what it left
    said = run.stdout.read()
    code = run.wait(60)
    assert code == (143 if kind == signal.SIGTERM else 0), (code, said)
    assert 'Traceback' not in said, said
    step = read_checkpoint(Path(top, 'run/checkpoint.safetensors'))['place']['step']
    assert step > 0 and f'Stopped at step {step};' in said, (step, said)


def stops(n):
    "What a cluster and a keyboard send"
    for i in range(n):
        with tempfile.TemporaryDirectory() as top:
            stop((signal.SIGTERM, signal.SIGINT)[i%2], 2 + i/2, top)
    print(f'signals: {n} of {n} commands end after a checkpoint')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--kills', type=int, default=2, help='runs to kill, four times each')
    parser.add_argument('--stops', type=int, default=2, help='commands to stop by a signal')
    args = parser.parse_args()
    torch.set_num_threads(1) # before anything is computed: children are copies of this process
    if args.kills: kills(args.kills)
    lost(min(args.kills, 5))
    nans()
    stops(args.stops)
