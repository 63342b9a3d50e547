"""A small run, always the same, for the tests that break it"""
import contextlib
import io
import json
import os
import sys
import torch
from miniddpm.basics import set_seed
from miniddpm.data import Batches
from miniddpm.denoiser import Denoiser, edm_target
from miniddpm.files import content_hash, pack
from miniddpm.learner import Learner
from miniddpm.schedules import lognormal
from miniddpm.training.callbacks import ClipGrad, EMA, Recorder
from miniddpm.training.checkpoint import Checkpoint, read_checkpoint
from miniddpm.training.optim import Muon
from miniddpm.unet import UNet

STEPS = 120 # of a run that is killed
EVERY = 10 # steps between its checkpoints
SHAPE = 1, 8, 8 # of an image
GENERATOR = torch.Generator().manual_seed(0)
IMAGES = torch.randint(256, (100, *SHAPE), dtype=torch.uint8, generator=GENERATOR)


class Each(Checkpoint):
    "A checkpoint every `EVERY` steps, so that a kill often falls into one"
    def before_step(self, learn):
        if learn.step%EVERY == 0: self.save(learn)


def plain_loss(model, x, y):
    "As in any training without labels"
    return model.loss(x)


def learner(*callbacks, batches=None, loss=plain_loss, **unet):
    "A small run"
    set_seed(0)
    batches = batches or Batches((IMAGES, None), bs=16, device='cpu')
    model = Denoiser(UNet(**(dict(widths=(16, 32), patch=2) | unet)), edm_target, lognormal)
    beside = [EMA(), ClipGrad(), Recorder(), *callbacks]
    return Learner(model, batches, loss, opt=Muon, callbacks=beside)


def quiet():
    "Nothing is printed inside"
    return contextlib.redirect_stdout(io.StringIO())


def train(folder, steps=STEPS):
    "Train, or go on where the checkpoint is"
    with quiet(): return learner(Each(folder/'run.safetensors', resume=True)).fit(steps=steps)


def content(folder):
    "Of the newest checkpoint: a hash of all that it holds but the clock, and its step"
    state = read_checkpoint(folder/'run.safetensors')
    for part in 'place', 'Recorder': del state[part]['seconds']
    del state['optimizer']['defaults'] # torch adds to them when it loads; the groups have them as well
    tensors, rest = pack(state)
    return content_hash(tensors, json.dumps(rest)), state['place']['step']


def child(work):
    "Do it in a process of its own, a copy of this one; its number"
    pid = os.fork()
    if pid: return pid
    try: work()
    except BaseException as e:
        print(repr(e), file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)
