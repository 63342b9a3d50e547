"""Damage files, fill the disk, write to what is no file, and read what version 0.0.1 wrote.

    python tests/broken_files.py --flips 1000"""
import argparse
import os
import random
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from functools import partial
from pathlib import Path
from unittest.mock import patch
import torch
from fastprogress.fastprogress import progress_bar
from miniddpm.basics import error_of
from miniddpm.data import Batches
from miniddpm.files import load_weights, save_weights, write_table, write_whole
from miniddpm.learner import Learner
from miniddpm.models import first_model, load_model, save_model
from miniddpm.pictures import save_grid
from miniddpm.recipe import SIZES
from miniddpm.training.callbacks import ClipGrad, EMA, Recorder
from miniddpm.training.checkpoint import Checkpoint, read_checkpoint
from miniddpm.training.optim import Muon
from runs import IMAGES, learner, quiet, train

BEFORE = Path(__file__).with_name('before') # files of version 0.0.1


# Damage

def damaged(data, kind, rng):
    "A file with a bit turned, cut off, or with a piece of zeros; a third of the places are in the header"
    header = 8 + int.from_bytes(data[:8], 'little')
    place = rng.randrange(header if rng.random() < 0.3 else len(data))
    bad = bytearray(data)
    if kind == 'bit': bad[place] ^= 1 << rng.randrange(8)
    if kind == 'cut': bad = bad[:place]
    if kind == 'zeros': bad[place:place+4096] = bytes(len(bad[place:place+4096]))
    if bad == data: bad[place] ^= 255 # there were zeros already
    return bytes(bad)


def flips(n):
    "Damaged checkpoints are recognised, and the one before is used"
    rng = random.Random(0)
    kinds = dict(bit=0, cut=0, zeros=0)
    with tempfile.TemporaryDirectory() as top:
        train(Path(top), steps=25)
        path = Path(top, 'run.safetensors')
        good = path.read_bytes()
        step = read_checkpoint(Path(top, 'run.safetensors.1'))['place']['step']
        assert step < read_checkpoint(path)['place']['step']

        for _ in progress_bar(range(n)) if sys.stdout.isatty() else range(n):
            kind, = rng.choices(list(kinds), (6, 2, 2))
            kinds[kind] += 1
            path.write_bytes(damaged(good, kind, rng))
            learn = learner(Checkpoint(path, resume=True))
            with warnings.catch_warnings(record=True) as said, quiet():
                warnings.simplefilter('always')
                learn.begin() # as `fit` does
            assert any('checkpoint before it' in str(w.message) for w in said), f'{kind} was not noticed'
            assert learn.step == step, f'{kind}: not the checkpoint before it'
    print(f'damaged: {n} of {n} checkpoints recognised, the one before used: {kinds}')


# Disk

def no_space(path):
    "A checkpoint that cannot be written leaves the one before"
    kept = path.read_bytes()
    for error in OSError(28, 'No space left on device'), PermissionError(13, 'Permission denied'):
        with patch('miniddpm.files.os.fsync', side_effect=error), quiet():
            said = error_of(learner(Checkpoint(path, every=0)).fit, steps=3, kind=OSError)
        assert 'is whole' in said and error.strerror in said, said
        assert path.read_bytes() == kept, 'the last checkpoint was harmed'
        assert not list(path.parent.glob('.*')), 'half a file was left'


def drive_away(path):
    "Data that fail in the middle: the last checkpoint is whole"
    def source():
        yield from list(Batches((IMAGES, None), bs=16, device='cpu'))[:2]
        raise OSError('the network drive went away')

    learn = learner(Checkpoint(path, every=0), batches=source())
    said = error_of(learn.fit, steps=5, kind=RuntimeError)
    assert 'network drive' in said and 'after step 2' in said, said
    assert read_checkpoint(path)['place']['step'] == 1


def full_disk(folder):
    "The real command on a disk that is full; False if none can be made here"
    folder.mkdir()
    mount = ['mount', '-t', 'tmpfs', '-o', 'size=300k', 'tmpfs', folder]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode: return False
    try:
        code = 'from miniddpm.commands import train_command; train_command()'
        words = '--size small --steps 2 --bs 4 --score 0 --calls 2'.split()
        command = [sys.executable, '-c', code, '--out', folder/'run', *words]
        out = subprocess.run(command, capture_output=True, text=True)
    finally: subprocess.run(['umount', folder], check=True)

    assert out.returncode == 1 and 'Traceback' not in out.stderr, out.stderr[-2000:]
    assert 'checkpoint' in out.stderr, out.stderr[-2000:]
    print('  ', out.stderr.splitlines()[-1].replace(str(folder.parent), 'folder'))
    return True


def disk():
    "Full, not writable, and data that fail"
    with tempfile.TemporaryDirectory() as top:
        path = Path(top, 'run.safetensors')
        with quiet(): learner(Checkpoint(path)).fit(steps=3)
        no_space(path)
        drive_away(path.with_name('other.safetensors'))
        full = full_disk(Path(top, 'small'))
    print(f'disk and data: {3+full} of {3+full} stop with a message, the last checkpoint whole')


# Places

TENSORS = {'x': torch.arange(6.), 'y': torch.zeros(2, 0).half()}
WRITERS = {
    'write_whole': partial(write_whole, content=b'whole'*50_000),
    'save_weights': partial(save_weights, tensors=TENSORS, settings=dict(a=1)),
    'save_model': lambda path: save_model(load_model(BEFORE/'model.safetensors', 'cpu'), path),
    'write_table': partial(write_table, rows=[dict(a=1, b=0.5)]),
    'save_grid': lambda path: save_grid(IMAGES[:4], path)}


def alike(data, wanted):
    "The same but for the order of what stands in the header, which safetensors does not keep"
    return sorted(data) == sorted(wanted)


def to_link(write, wanted, top):
    "A link is followed: to a file, by a relative way, to nothing yet, to another link"
    for name in 'file', 'relative', 'nothing', 'link':
        folder = top/name
        folder.mkdir(parents=True)
        real, link = folder/'real.png', top/f'{name}.png'
        if name == 'link': (folder/'between').symlink_to(real)
        link.symlink_to({'relative': f'{name}/real.png', 'link': folder/'between'}.get(name, real))
        if name != 'nothing': real.write_bytes(b'before')
        write(link)
        assert link.is_symlink() and not real.is_symlink(), f'the link to {name} was replaced'
        assert alike(real.read_bytes(), wanted), f'behind the link to {name} is something else'
        assert not list(folder.glob('.*')), 'half a file was left'


def to_pipe(write, wanted, path):
    "A pipe gets all of it, and stays one"
    os.mkfifo(path)
    got = []
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()), daemon=True)
    reader.start()
    write(path)
    reader.join(20)
    assert got and alike(got[0], wanted), 'the pipe got something else'
    assert stat.S_ISFIFO(path.stat().st_mode), 'the pipe was replaced'


def to_device(write, path):
    "A device stays one; False if none can be made here"
    try: os.mknod(path, stat.S_IFCHR|0o666, os.makedev(1, 3)) # as /dev/null
    except PermissionError: return False
    try: write(path)
    except PermissionError: return False # a container may not open it
    assert stat.S_ISCHR(path.stat().st_mode), 'the device was replaced'
    return True


def places():
    "What is no regular file is followed or written to, never replaced"
    devices = 0
    for name, write in WRITERS.items():
        with tempfile.TemporaryDirectory() as folder, quiet():
            top = Path(folder)
            write(top/'plain.png')
            wanted = (top/'plain.png').read_bytes()
            to_link(write, wanted, top)
            to_pipe(write, wanted, top/'pipe.png')
            devices += to_device(write, top/'device.png')

            # refused, and nothing is left
            (top/'round.png').symlink_to(top/'round.png')
            before = sorted(top.iterdir())
            for path in top/'round.png', top/'file', top/'none'/'x.png':
                error_of(write, path, kind=OSError)
            assert sorted(top.iterdir()) == before, f'{name} left something'
    print(f'places: {len(WRITERS)} writers follow links, fill pipes, and leave devices ({devices}) be')


def checkpoint_places():
    "A checkpoint follows a link, and does not take the place of a pipe"
    with tempfile.TemporaryDirectory() as folder, quiet():
        top = Path(folder)
        (top/'disk').mkdir()
        (top/'run.safetensors').symlink_to(top/'disk'/'run.safetensors')
        learner(Checkpoint(top/'run.safetensors', every=0)).fit(steps=3)
        assert (top/'run.safetensors').is_symlink(), 'the link was replaced'
        assert read_checkpoint(top/'disk'/'run.safetensors')['place']['step'] == 3

        os.mkfifo(top/'pipe')
        assert 'pipe' in error_of(Checkpoint, top/'pipe')
        assert stat.S_ISFIFO((top/'pipe').stat().st_mode)
    print('places: checkpoints follow a link and refuse a pipe')


# Files of before

def before():
    "A checkpoint of version 0.0.1 goes on, and ends at the model that version ended at"
    wanted = load_model(BEFORE/'model.safetensors', 'cpu').state_dict()
    with tempfile.TemporaryDirectory() as top, quiet():
        path = Path(top, 'run.safetensors')
        shutil.copy(BEFORE/'checkpoint.safetensors', path)
        learn = learner(Checkpoint(path, resume=True), widths=(4, 8), emb=8).fit(steps=20)
        found = learn.averaged.state_dict()
        assert (learn.step, len(learn.find(Recorder).losses)) == (20, 20)

        # written anew, it is of this version
        save_model(learn.averaged, Path(top, 'new.safetensors'))
        again = load_weights(Path(top, 'new.safetensors'))[0]
    assert list(found) == list(wanted) and len(again) == len(wanted)
    far = max((found[k]-wanted[k]).abs().max().item() for k in wanted)
    assert far < 1e-4, f'another model, {far} away'
    print(f'before: a checkpoint of version 0.0.1 goes on to the same model, within {far:.1g}')


# Time

def seconds_of(work):
    "The median of five runs"
    times = []
    for _ in range(5):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter()-start)
    return sorted(times)[2]


def overhead():
    "Of checkpoints at their default interval: at most 2% of the time"
    x = torch.randint(256, (64, 1, 28, 28), dtype=torch.uint8)
    batches = Batches((x, torch.randint(10, (64,))), bs=8, device='cpu')
    for size in 'medium', 'huge':
        with tempfile.TemporaryDirectory() as top:
            checkpoint = Checkpoint(Path(top, 'run.safetensors'))
            recorder = Recorder()
            learn = Learner(first_model(device='cpu', **SIZES[size]), batches,
                            lambda model, x, y: model.loss(x, y), opt=Muon,
                            callbacks=[EMA(), ClipGrad(), recorder, checkpoint]).fit(steps=2)

            # as after 20,000 steps
            for name, values in vars(recorder).items(): setattr(recorder, name, values*10_000)
            seconds = seconds_of(lambda: checkpoint.save(learn))
            mb = checkpoint.files.path.stat().st_size/2**20
        share = seconds/checkpoint.every
        print(f'a checkpoint of {size} ({mb:.0f} MB): {seconds:.2f} s, {share:.2%} of the time')
        assert share < 0.02


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--flips', type=int, default=60, help='checkpoints to damage')
    args = parser.parse_args()
    torch.set_num_threads(1)
    flips(args.flips)
    for test in disk, places, checkpoint_places, before, overhead: test()
