#!/usr/bin/env bash
# datasets 5.2.0 with Pillow 12: the same uint8 arrays become two kinds of picture. Declared as `Image()` when the
# Dataset is made, they are 8-bit gray (mode L). Stored as lists of numbers first, even with the type uint8 (or as an
# Array2D of uint8), and then turned with `cast_column('image', Image())`, they are 32-bit integers (mode I, TIFF),
# four times as large: the cast goes through Python's integers, so the type that the column declares is lost. Whoever
# scales by the bits of the mode (as torchvision's or one's own 'I is 16 bits' rules do) gets black pictures. A
# uint16 column is I;16 one way and I the other.
set -eu
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
python3 -m venv "$here/venv"
"$here/venv/bin/pip" install -q 'datasets==5.2.0' 'pillow>=12,<13'
cd "$here"
cat > look.py <<'PY'
import warnings

import datasets
import numpy as np
import PIL

warnings.simplefilter('ignore') # it says that int64 is made int32, for columns of uint8 as well
print('datasets', datasets.__version__, 'Pillow', PIL.__version__)
x = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
image = datasets.Features(image=datasets.Image())
flat = datasets.Features(image=datasets.Array2D((16, 16), 'uint8'))


def mode(ds): # of the first picture
    picture = ds[0]['image']
    return picture.mode, np.asarray(picture).dtype.name


found = {}
for name in 'uint8', 'uint16':
    rows = {'image': list(x.astype(name))}
    found[name, 'declared'] = mode(datasets.Dataset.from_dict(rows, features=image))
    found[name, 'cast'] = mode(datasets.Dataset.from_dict(rows).cast_column('image', datasets.Image()))
rows = {'image': list(x)}
found['Array2D of uint8', 'cast'] = mode(datasets.Dataset.from_dict(rows, features=flat).cast_column('image', datasets.Image()))
for key, value in found.items(): print(*key, '->', *value)
assert found == {('uint8', 'declared'): ('L', 'uint8'), ('uint8', 'cast'): ('I', 'int32'),
                 ('uint16', 'declared'): ('I;16', 'uint16'), ('uint16', 'cast'): ('I', 'int32'),
                 ('Array2D of uint8', 'cast'): ('I', 'int32')}, 'it is otherwise now'
PY
"$here/venv/bin/python" look.py
