"Run notebooks as a reader would and keep their outputs: `python .ci/execute.py nbs/00_data.ipynb ...` (none: all of them)"
import re, sys, time
from pathlib import Path
import nbformat
from nbclient import NotebookClient

SKIP = re.compile(r'^#\s*\|\s*(eval:\s*false|notest)', re.M)  # what nbdev_test leaves out, too

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

if __name__ == '__main__': main(sys.argv[1:] or sorted(map(str, Path('nbs').glob('*.ipynb'))))
