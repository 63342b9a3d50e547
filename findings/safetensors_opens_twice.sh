#!/usr/bin/env bash
# One reads a checkpoint that a running training replaces now and then, whole, by a rename. On Linux whoever
# has opened the old file goes on seeing the old file, so one expects old numbers or new ones, never a mixture.
# safetensors 0.8.0 with framework 'pt' opens the name twice: once for the header, and once more for the data
# (torch maps the file by its name). In between it imports torch, if nobody has done so: a second or more in
# which a rename may come. Then the old header's places are read out of the new file: wrong numbers, no error.
# With torch imported before, the gap is far too short to be met here, and framework 'np' opens once. So import
# torch first, or keep a checksum of the contents in the file and look at it.
# Needs a package registry, nothing else.
set -eu
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'safetensors==0.8.0' 'torch==2.14.1' numpy
cd "$folder"
venv/bin/python - <<'P'
import os
import sys
import numpy as np
import safetensors
from safetensors.numpy import save_file

def write(path, n): # n ones, and 6-n twos: files of one size, whose headers differ
    save_file({'ones':np.full(n, 1, np.float32), 'twos':np.full(6-n, 2, np.float32)}, path)

class Replaced: # the file is replaced, whole, in the moment in which torch is asked for
    def find_spec(self, name, path=None, target=None):
        if name=='torch' and os.path.exists('new.safetensors'): os.replace('new.safetensors', 'model.safetensors')

def read(framework):
    write('model.safetensors', 2)
    write('new.safetensors', 4)
    with safetensors.safe_open('model.safetensors', framework) as f:
        return {name:f.get_tensor(name).tolist() for name in ('ones', 'twos')}

print('safetensors', safetensors.__version__)
sys.meta_path.insert(0, Replaced())
old = dict(ones=[1, 1], twos=[2, 2, 2, 2])
for title, framework, expected in (('np', 'np', old), ('pt, torch not yet imported', 'pt', dict(ones=[1, 1], twos=[1, 1, 2, 2])),
                                   ('pt, torch imported', 'pt', old)):
    found = read(framework)
    print(f'{title:27} {found}')
    assert found == expected, 'it reads otherwise now'
assert 'torch' in sys.modules
print('torch', sys.modules['torch'].__version__)
P
