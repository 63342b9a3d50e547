"""Execute quick pages once more, and compare the text that their cells print with what is committed.

    python tools/again.py            # those below
    python tools/again.py NAME ...

Numbers may differ by a little, from one processor to the next."""
import re
import sys
from pathlib import Path
import nbformat
from execute import Client

QUICK = '00_basics', '00_options', '00_files', '05_layers' # pages that print no times, and take seconds
NUMBER = re.compile(r'(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w.])')
CLOSE = 0.02 # of a number
TINY = 1e-5 # rounding; below it all are the same


def texts(cell):
    "What a cell printed or returned, as one text"
    if cell.cell_type != 'code': return ''
    printed = [o.text for o in cell.outputs if o.output_type == 'stream' and o.name == 'stdout']
    returned = [o.data.get('text/plain', '') for o in cell.outputs if o.output_type == 'execute_result']
    return ''.join(printed) + '\n'.join(returned)


def numbers(text): return [float(n) for n in NUMBER.findall(text)]


def near(a, b): return abs(a-b) <= CLOSE*max(abs(a), abs(b)) + TINY


def alike(before, after):
    "The same words, and numbers that are close"
    if NUMBER.sub('#', before) != NUMBER.sub('#', after): return False
    return all(map(near, numbers(before), numbers(after)))


def differences(name):
    "Cells of a page that now print something else: sentences"
    path = Path('nbs', f'{name}.ipynb')
    before = nbformat.read(path, as_version=4)
    after = nbformat.read(path, as_version=4)
    Client(after, timeout=None, resources={'metadata': {'path': 'nbs'}}).execute()
    for old, new in zip(before.cells, after.cells):
        if not alike(texts(old), texts(new)):
            yield f'{name}, cell {old.id}:\n  committed: {texts(old)[:300]}\n  now: {texts(new)[:300]}'


if __name__ == '__main__':
    names = [Path(word).stem for word in sys.argv[1:]] or QUICK
    found = [said for name in names for said in differences(name)]
    print('\n'.join(found) or f'{len(names)} pages print what is committed')
    sys.exit(bool(found))
