"Committed notebooks keep the outputs of a real run: no errors, pictures in each lesson, no cell with a picture lost"
import sys
from pathlib import Path
import nbformat

bad = []
for path in sorted(Path('nbs').glob('*.ipynb')):
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == 'code']
    outputs = [o for c in cells for o in c.outputs]
    if any(o.output_type == 'error' for o in outputs): bad.append(f'{path}: an error among its outputs')
    if path.stem != 'index' and not any('image/png' in o.get('data', {}) for o in outputs): bad.append(f'{path}: no picture')
print('\n'.join(bad))
sys.exit(bool(bad))
