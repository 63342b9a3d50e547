"""Quality a minute buys: train with the recipe, judge the samples, and keep the record.

    python tools/record.py --minutes 2                    # measure this checkout
    python tools/record.py --minutes 2 --name 'my idea'   # and write it into the records
    python tools/record.py --lib ../other                 # another checkout, by the same judges

Rules: two processor cores; the data that README names and no others; no weights that were
trained before; the minutes are those of `miniddpm_train --minutes`; three seeds, of which the
median counts; 2,000 samples in 20 network calls each. The judges are fixed: FID on the features
of the classifier that ships, and the two-sample test of `miniddpm.two_samples`, raw and with
values below 16 set to 0, all against the second half of the test images. Settings are to be
chosen on the first half."""
import argparse
import csv
import os
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from statistics import median

os.environ['OMP_NUM_THREADS'] = '2' # before torch is loaded
from miniddpm.data import Batches, fashion_mnist
from miniddpm.files import ASSETS, load_weights, write_table
from miniddpm.metrics import features, fid_between, moments
from miniddpm.pictures import to_float
from miniddpm.two_samples import c2st

RECORDS = ASSETS/'records.csv'

ENTRY = '''
import sys
from pathlib import Path
from miniddpm.commands import train_command
from miniddpm.files import save_weights
from miniddpm.models import generate, load_model, steps_for
from miniddpm.pictures import to_uint8
from miniddpm.recipe import read_settings
run, minutes, seed, n = Path(sys.argv[1]), *sys.argv[2:]
train_command(['--minutes', minutes, '--seed', seed, '--score', '0', '--out', str(run)])
model, recipe = load_model(run/'model.safetensors'), read_settings(run/'settings.json')
steps = steps_for(model, recipe.calls, recipe.how.get('guide'))
images = to_uint8(generate(model, int(n), steps, seed=1000+int(seed), **recipe.how))
save_weights(run/'images.safetensors', dict(images=images), {})
'''


def drawn(minutes, seed, n, lib):
    "Train in a process of its own, with the miniddpm of `lib`, and draw"
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder)/'run'
        words = [sys.executable, '-c', ENTRY, str(run), f'{minutes:g}', str(seed), str(n)]
        env = os.environ | dict(PYTHONPATH=str(Path(lib).resolve()), CUDA_VISIBLE_DEVICES='')
        subprocess.run(words, check=True, cwd=folder, env=env)
        return load_weights(run/'images.safetensors')[0]['images']


def judged(images, test):
    "FID, and the share of pairs in which a trained judge is right: raw, and cleared"
    real = moments(features(to_float(test)))
    distance = fid_between(moments(features(to_float(images))), real)
    beside = test[:len(images)]
    return distance, c2st(images, beside).auc, c2st(images, beside, clear=16).auc


def words():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--minutes', type=float, default=2)
    parser.add_argument('--seeds', type=int, default=3)
    parser.add_argument('--n', type=int, default=2000, help='samples')
    parser.add_argument('--lib', default=Path(__file__).parents[1], help='the checkout to measure')
    parser.add_argument('--name', help='what is new: write a row with it')
    return parser.parse_args()


def keep(asked, middle):
    "One row more in the history"
    rows = list(csv.DictReader(RECORDS.open())) if RECORDS.exists() else []
    about = dict(date=date.today().isoformat(), name=asked.name, minutes=f'{asked.minutes:g}')
    more = dict(seeds=asked.seeds, n=asked.n, threads=os.environ['OMP_NUM_THREADS'])
    scores = dict(zip(('fid', 'auc', 'cleared'), middle))
    write_table(RECORDS, [*rows, about | scores | more])


def main():
    asked = words()
    sets = {name: Batches(ds, device='cpu').x for name, ds in fashion_mnist().items()}
    assert len(sets['train']) == 60_000, 'a record needs the whole data set, see README'
    test = sets['test'][5000:]
    found = []
    for seed in range(asked.seeds):
        found.append(judged(drawn(asked.minutes, seed, asked.n, asked.lib), test))
        print('seed {}: FID {:.3f}, AUC {:.4f}, cleared {:.4f}'.format(seed, *found[-1]), flush=True)

    middle = [round(median(column), 4) for column in zip(*found)]
    print('median: FID {:.3f}, AUC {:.4f}, cleared {:.4f}'.format(*middle))
    if asked.name: keep(asked, middle)


if __name__ == '__main__': main()
