"""Run notebooks as a reader would and keep their outputs: `python .ci/execute.py nbs/00_data.ipynb ...` (none: all of them)
With --notest, cells with this flag (the long runs of 90_benchmarks) are run, too."""
import re, sys, time
from pathlib import Path
import nbformat
from nbclient import NotebookClient

LONG = '--notest' in sys.argv[1:]
SKIP = re.compile(r'^#\s*\|\s*eval:\s*false' + ('' if LONG else r'|^#\s*\|\s*notest'), re.M) # as in nbdev_test

class Client(NotebookClient):
    async def async_execute_cell(self, cell, cell_index, **kw):
        if cell.cell_type == 'code' and SKIP.search(cell.source): return cell
        return await super().async_execute_cell(cell, cell_index, **kw)

def main(paths):
    for path in paths:
        start, nb = time.time(), nbformat.read(path, as_version=4)
        Client(nb, timeout=None, resources={'metadata': {'path': str(Path(path).parent)}}).execute()
        nbformat.write(nb, path)
        print(f'{path}: {time.time()-start:.0f} s', flush=True)

if __name__ == '__main__': main([a for a in sys.argv[1:] if a!='--notest'] or sorted(map(str, Path('nbs').glob('*.ipynb'))))
