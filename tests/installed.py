"""What must work in an installed package: `tools/wheel` runs this in a venv without the source tree.

Every module imports, every name of version 0.0.1 answers, data and weights are there."""
import importlib
import pkgutil
import sys
import warnings
from importlib.resources import files
from pathlib import Path
import miniddpm

NAMES = Path(__file__).with_name('names_0.0.1.txt') # `module: name name ...`
OPTIONAL = 'accelerate', 'diffusers', 'ipywidgets' # packages that an extra installs


def modules():
    "Names of all modules of the package, wings and their modules among them"
    return [m.name for m in pkgutil.walk_packages(miniddpm.__path__, 'miniddpm.')]


def imports():
    "Each module imports, without what only an extra installs"
    for name in modules(): importlib.import_module(name)
    wings = [name for name in modules() if name.count('.') > 1]
    extra = [name for name in OPTIONAL if name in sys.modules]
    assert len(wings) >= 5, f'expected modules of nets and training, found {wings}'
    assert not extra, f'on import, {extra} were imported, which only an extra installs'
    print(f'{len(modules())} modules imported, {len(wings)} of them in wings')


def answer(module, name):
    "Has a name of before moved? If so, a `DeprecationWarning` must say its new place"
    old = importlib.import_module(f'miniddpm.{module}')
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter('always')
        found = getattr(old, name)
    if name in vars(old): return False

    kinds = [w.category for w in said if f'{module}.{name} is now miniddpm.' in str(w.message)]
    assert kinds == [DeprecationWarning], f'{module}.{name} answered without its warning: {kinds}'
    assert found is not None
    return True


def names():
    "All that could be imported in version 0.0.1 still can"
    lines = [line.split(': ') for line in NAMES.read_text(encoding='utf-8').splitlines()]
    pairs = [(module, name) for module, all_names in lines for name in all_names.split()]
    moved = sum(answer(module, name) for module, name in pairs)
    print(f'{len(pairs)} names of version 0.0.1 answer, {moved} of them from a new place')


def assets():
    "Data and weights are in the package"
    from miniddpm.data import SAMPLE_SHA256, read_folder
    from miniddpm.files import ASSETS
    from miniddpm.metrics import classifier, test_features
    from miniddpm.models import load_model, pretrained

    sample = read_folder(files('miniddpm')/'assets', SAMPLE_SHA256)
    assert (len(sample['train']), len(sample['test'])) == (10_000, 2_000)
    classifier()
    load_model(ASSETS/'first_model.safetensors')
    pretrained()
    assert len(test_features()) == 10_000
    print('data and weights are there')


if __name__ == '__main__':
    source = Path(__file__).parents[1]/'miniddpm'
    there = Path(miniddpm.__file__).is_relative_to(source)
    assert not there or '--here' in sys.argv, f'{source} was imported, not the package'
    for check in imports, names, assets: check()
