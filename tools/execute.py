"""Run notebooks as a reader would, and keep their outputs and a hash of the code.

    python tools/execute.py nbs/00_data.ipynb ...    # without a name, all of them

With --notest, cells with this flag (the long runs of 90_benchmarks) are run, too."""
import re
import sys
import time
from pathlib import Path
import nbformat
from nbclient import NotebookClient
from pages import code_hash

LONG = '--notest' in sys.argv[1:]
FALSE = r'^#\s*\|\s*eval:\s*false' # as in nbdev_test
NOTEST = r'^#\s*\|\s*notest'
SKIP = re.compile(FALSE if LONG else f'{FALSE}|{NOTEST}', re.M)


class Client(NotebookClient):
    "Passes by the cells that are not to be run"
    async def async_execute_cell(self, cell, cell_index, **kw):
        if cell.cell_type == 'code' and SKIP.search(cell.source): return cell
        return await super().async_execute_cell(cell, cell_index, **kw)


def execute(path):
    "Run one notebook in its own folder, and write it with its outputs"
    start = time.time()
    notebook = nbformat.read(path, as_version=4)
    resources = {'metadata': {'path': str(Path(path).parent)}}
    Client(notebook, timeout=None, resources=resources).execute()
    notebook.metadata['miniddpm'] = {'code': code_hash(notebook)} # what these outputs are of
    nbformat.write(notebook, path)
    print(f'{path}: {time.time()-start:.0f} s', flush=True)


if __name__ == '__main__':
    given = [word for word in sys.argv[1:] if word != '--notest']
    for page in given or sorted(map(str, Path('nbs').glob('*.ipynb'))): execute(page)
