"""Give both commands damaged settings and absurd words: each ends with exit code 0, 1 or 2.

    python tests/broken_words.py --json 2000 --args 500

Each in 5 s and 1 GB."""
import argparse
import contextlib
import json
import random
import tempfile
import warnings
from dataclasses import fields
from functools import partial
from pathlib import Path
from unittest.mock import patch
import torch
from miniddpm import commands
from miniddpm.commands import Drawing, sample_command, train_command
from miniddpm.models import pretrained, save_model
from miniddpm.pictures import save_grid
from miniddpm.readers import Pictures
from miniddpm.recipe import Options, read_settings
from mutations import changed, fuzz, mutated, silence

GENERATOR = torch.Generator().manual_seed(0)
X = torch.randint(256, (300, 1, 28, 28), dtype=torch.uint8, generator=GENERATOR)
PICTURES = Pictures(X, torch.arange(300)%10, [f'thing {i}' for i in range(10)])
BRACKETS = b'['*100_000, b'', b'null', b'\xff\xfe', b'{"a":'*50_000
NUMBERS = '0', '-1', '1', '3', 'nan', 'inf', '-inf', '1e400', '1'+'0'*30, '٣', '0x10', '1_0'
VALUES = *NUMBERS, '', ' ', 'é', 'small', 'cosine', 'none', '/', '--steps'
warnings.simplefilter('ignore')


def data_set(path=None):
    "In place of Fashion-MNIST"
    return dict(train=PICTURES, test=PICTURES)


@contextlib.contextmanager
def nothing_done(top):
    "The commands read all that they are given, and neither train nor draw"
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.chdir(top))
        stack.enter_context(patch.object(commands, 'train_run'))
        stack.enter_context(patch.object(commands, 'steps_for', return_value=2))
        stack.enter_context(patch.object(commands, 'generate', return_value=torch.zeros(1, 1, 28, 28)))
        stack.enter_context(patch.object(commands, 'fashion_pictures', data_set))
        yield


def settings_of_a_run(top):
    "What the command writes when a run begins"
    words = ['--out', str(top/'new'), '--steps', '1', '--bs', '4', '--size', 'small', '--score', '0']
    with patch.object(commands, 'fashion_pictures', data_set), silence():
        with patch.object(commands, 'leave_samples'): train_command(words)
    return json.loads((top/'new'/'settings.json').read_text())


# Settings

def resume(run, text):
    "Go on with a run that has these settings; what is refused on reading ends with code 2"
    (run/'settings.json').write_bytes(text)
    refused = False
    with nothing_done(run):
        try: read_settings(run/'settings.json')
        except ValueError: refused = True
        try: train_command(['--resume', str(run)])
        except SystemExit as e:
            assert e.code == 2, e.code
            raise
    assert not refused, 'settings that cannot be read were taken'


def json_cases(rng, top):
    "Damaged settings of a run"
    good = settings_of_a_run(top)
    run = top/'run'
    run.mkdir()
    while True:
        text = json.dumps(changed(good, rng)).encode()
        if rng.random() < 0.3: text = mutated(text, rng)
        if rng.random() < 0.01: text = rng.choice(BRACKETS)
        yield partial(resume, run, text), lambda: text[:800]


# Words

def options_of(kind):
    "The options of a command, their former names among them"
    found = [f for f in fields(kind) if not f.metadata.get('found')]
    names = [f.name.replace('_', '-') for f in found]
    return names + [f.metadata['old'] for f in found if 'old' in f.metadata]


def some_words(options, values, rng):
    "Options, mostly with a value"
    words = []
    for _ in range(rng.choice((0, 1, 1, 2, 3, 6))):
        words.append('--' + rng.choice(options) if rng.random() < 0.9 else rng.choice(values))
        if rng.random() < 0.85: words.append(rng.choice(values))
    return words


def call(command, top, words):
    with nothing_done(top): command(words)


def arg_cases(rng, top):
    "Absurd words for both commands"
    save_model(pretrained('first_model', 'cpu'), top/'model.safetensors')
    (top/'pictures').mkdir()
    save_grid(X[:4], top/'pictures'/'a.png')
    paths = [str(top/name) for name in ('run', 'model.safetensors', 'pictures', 'none')]
    training = options_of(Options) + ['out', 'resume']
    drawing = options_of(Drawing)

    while True:
        command = rng.choice((train_command, sample_command))
        words = some_words(training if command is train_command else drawing, (*VALUES, *paths), rng)
        if command is train_command: words += ['--out', str(top/'run2')]*(rng.random() < 0.8)
        else: words = [paths[1]]*(rng.random() < 0.7) + words + ['--out', str(top/'out.png')]
        yield partial(call, command, top, words), lambda: (command.__name__, words)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', type=int, default=150)
    parser.add_argument('--args', type=int, default=100)
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        fuzz('settings', args.json, json_cases(random.Random(args.seed), top), exits=True)
        fuzz('commands', args.args, arg_cases(random.Random(args.seed), top), exits=True)
