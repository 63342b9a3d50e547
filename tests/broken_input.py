"""Give the library damaged and absurd files: it takes them, or refuses with ValueError or OSError.

    python tests/broken_input.py --idx 20000 --images 5000 --folders 1000 --models 5000

Each in 5 s and 1 GB."""
import argparse
import contextlib
import gzip
import io
import json
import math
import pickle
import random
import tempfile
import warnings
from functools import partial
from pathlib import Path
import datasets
import numpy as np
import torch
from PIL import Image
from safetensors.torch import save
from miniddpm.basics import error_of
from miniddpm.data import Batches, FILES, read_bytes, read_idx
from miniddpm.files import ASSETS, content_hash, load_weights
from miniddpm.models import load_model, pretrained, save_model
from miniddpm.readers import read_images
from miniddpm.recipe import read_settings
from mutations import changed, fuzz, mutated, NAN

MODES = '1', 'L', 'LA', 'P', 'RGB', 'RGBA', 'CMYK', 'I', 'I;16', 'F'
KINDS = 'PNG', 'JPEG', 'GIF', 'BMP', 'PPM', 'TIFF', 'WEBP'
FEATURES = datasets.Features(image=datasets.Image(), label=datasets.Value('int64'))
warnings.simplefilter('ignore')
Image.MAX_IMAGE_PIXELS = 50_000_000 # Pillow warns above it and refuses twice as many


# IDX files

def first_images(name, n=20):
    "A real IDX file, cut to a few images so that it is quick"
    path, = Path(ASSETS).glob(name + '*')
    data = read_bytes(path)
    sizes = data[3]
    start = 4 + 4*sizes
    one = math.prod(int.from_bytes(data[i:i+4], 'big') for i in range(8, start, 4))
    return data[:4] + n.to_bytes(4, 'big') + data[8:start] + data[start:start+n*one]


def packed(data, rng):
    "Damaged before it is packed, or after, or both"
    if rng.random() < 0.3: return gzip.compress(mutated(data, rng), 1)
    inside = mutated(data, rng) if rng.random() < 0.5 else data
    return mutated(gzip.compress(inside, 1), rng)


def read_bytes_as(path, data):
    path.write_bytes(data)
    read_idx(path)


def idx_cases(rng, top):
    "Damaged IDX files, plain and packed"
    raw = [first_images(name) for pair in FILES.values() for name in pair]
    while True:
        plain = rng.random() < 0.7
        data = rng.choice(raw)
        data = mutated(data, rng) if plain else packed(data, rng)
        yield partial(read_bytes_as, top/('case' if plain else 'case.gz'), data), lambda: data[:200]


# Images

def image_files():
    "A picture in every mode and format that there is"
    rng = np.random.default_rng(0)
    base = Image.fromarray(rng.integers(0, 256, (20, 28, 3), dtype=np.uint8))
    deep = Image.fromarray(rng.integers(0, 65536, (20, 28), dtype=np.uint16))
    files = []
    for mode, kind in ((mode, kind) for mode in MODES for kind in KINDS):
        out = io.BytesIO()
        with contextlib.suppress(OSError, ValueError, KeyError):
            (deep if mode == 'I;16' else base.convert(mode)).save(out, kind)
            files.append(out.getvalue())
    return [*files, b'P5 5 5 255\n' + bytes(25)]


def some_files(files, rng, n):
    "A few of them, most of them damaged"
    return [mutated(f, rng) if rng.random() < 0.8 else f for f in rng.choices(files, k=n)]


def read_cells(cells, labels, args):
    "As a data set; what is taken is an image"
    rows = {'image': [data and {'bytes': data, 'path': None} for data in cells], 'label': labels}
    for x, _ in Batches(datasets.Dataset.from_dict(rows, FEATURES), device='cpu', **args):
        assert x.ndim == 4 and x.isfinite().all() and -1 <= x.min() and x.max() <= 1


def image_cases(rng, top):
    "Data sets of damaged images, and absurd arguments"
    files = image_files()
    while True:
        cells = some_files(files, rng, rng.choice((1, 1, 2, 3)))
        if rng.random() < 0.05: cells[0] = None
        labels = [rng.choice((0, 3, -1, -2, 2**40)) for _ in cells]
        args = dict(size=rng.choice((None, 16)), bs=4)
        if rng.random() < 0.3:
            args = dict(size=rng.choice((None, 16, 28, 0, -3)), channels=rng.choice((None, 1, 3, 2, 0)),
                        bs=rng.choice((1, 4, 0, 10**12)))
        yield partial(read_cells, cells, labels, args), lambda: (args, [c and c[:100] for c in cells])


def read_files(folder, files, args):
    "As a folder, emptied first"
    for path in folder.rglob('*.*'): path.unlink()
    for name, data in files.items():
        path = folder/name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    pictures = read_images(folder, **args)
    assert pictures.x.dtype == torch.uint8 and len(pictures.x) <= len(files)
    assert pictures.y is None or len(pictures.y) == len(pictures.x)


def folder_cases(rng, top):
    "Folders of damaged images, with names of other kinds, and files that are none"
    files = image_files()
    folders = '1', '2', 'a/1', 'a/2', 'b c/1', 'b c/2'
    ends = 'png', 'jpg', 'PNG', 'tiff', 'webp', 'txt'
    names = [f'{start}.{end}' for start in folders for end in ends]
    while True:
        n = rng.choice((1, 2, 3, 6))
        found = dict(zip(rng.sample(names, n), some_files(files, rng, n)))
        args = dict(size=rng.choice((None, 16, 16)), skip=rng.random() < 0.7)
        yield partial(read_files, top/'folder', found, args), lambda: (args, found)


# Model files

def broken_tensors(tensors, rng):
    "A few of them in another shape or type, or full of NaN"
    tensors = dict(tensors)
    for k in rng.sample(list(tensors), rng.choice((1, 1, 5))):
        v = tensors[k]
        nan = torch.full_like(v, NAN)
        tensors[k] = rng.choice((v.flatten(), v.half(), v.long(), v[:0], nan, v.double()))
    return tensors


def fewer_tensors(tensors, rng):
    "Perhaps one is missing, or has another name"
    kept = {k: v for k, v in tensors.items() if rng.random() > 0.01}
    return {k + 'x'*(rng.random() < 0.01): v for k, v in kept.items()}


def broken_text(text, rng):
    "Settings that are no JSON, or not those of a model"
    others = '['*100_000, '{"unet":'*3000, '', 'null', '1e999', '\ud800', text[:50]
    return rng.choice((text, *others)).encode('utf8', 'replace').decode()


def model_file(tensors, settings, rng):
    "A file with the right hash, or none, so that what is behind it is met"
    kind = rng.randrange(3)
    new = changed(settings, rng) if kind == 0 or rng.random() < 0.3 else settings
    text = json.dumps(new)
    if kind == 1: tensors = broken_tensors(tensors, rng)
    if kind == 2:
        tensors = fewer_tensors(tensors, rng)
        text = broken_text(text, rng)
    about = {'settings': text}
    if rng.random() < 0.8: about['sha256'] = content_hash(tensors, text)
    return save(tensors, metadata=about)


def read_model(path, data):
    path.write_bytes(data)
    load_model(path, 'cpu')


def model_cases(rng, top):
    "Damaged model files, and whole ones with absurd content"
    save_model(pretrained('first_model', 'cpu'), top/'good.safetensors')
    good = (top/'good.safetensors').read_bytes()
    tensors, settings = load_weights(top/'good.safetensors')
    header = 8 + int.from_bytes(good[:8], 'little')
    while True:
        kind = rng.randrange(5)
        if kind == 0: data = mutated(good, rng)
        elif kind == 1: data = good[:8] + mutated(good[8:header], rng) + good[header:]
        else: data = model_file(tensors, settings, rng)
        yield partial(read_model, top/'case.safetensors', data), lambda: data[8:800]


# Pickles

class Payload:
    "What a pickle would run"
    def __init__(self, path): self.path = path
    def __reduce__(self): return open, (str(self.path), 'w')


READERS = {'m.safetensors': partial(load_model, device='cpu'), 'm.pt': partial(load_model, device='cpu'),
           'm.pkl': load_weights, 'train-images-idx3-ubyte': read_idx, 'x.gz': read_idx,
           'settings.json': read_settings}


def pickles(top):
    "Are refused, not opened, however they are named"
    mark = top/'was_run'
    blob = pickle.dumps(Payload(mark))
    pickle.loads(blob).close() # the payload works
    mark.unlink()
    out = io.BytesIO()
    torch.save({'x': Payload(mark)}, out)

    for data in blob, out.getvalue():
        for name, read in READERS.items():
            (top/name).write_bytes(data)
            error_of(read, top/name)
        error_of(read_cells, [data], [0], {})
    assert not mark.exists(), 'a pickle was run'
    print(f'pickles: {2*(len(READERS)+1)} refused, none was run')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    CASES = dict(idx=idx_cases, images=image_cases, folders=folder_cases, models=model_cases)
    for name, n in dict(idx=1000, images=300, folders=100, models=200).items():
        parser.add_argument(f'--{name}', type=int, default=n)
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pickles(Path(folder))
        for name, cases in CASES.items():
            fuzz(name, getattr(args, name), cases(random.Random(args.seed), Path(folder)))
