"""Committed notebooks keep the outputs of a real run: no errors, and a picture in each lesson.

    python tools/outputs.py

A page beside a lesson may have none, where its subject cannot be seen."""
import sys
from pathlib import Path
import nbformat

PLAIN = ('00_basics', '00_batching', '00_files', '00_options', '00_runs', '06c_checkpoint', '06d_processes',
         '12a_recipe', '91_glossary')


def outputs_of(path):
    "All outputs of a notebook's cells"
    cells = nbformat.read(path, as_version=4).cells
    return [output for cell in cells if cell.cell_type == 'code' for output in cell.outputs]


def faults(path):
    "What is wrong with a notebook's outputs"
    outputs = outputs_of(path)
    pictures = sum('image/png' in output.get('data', {}) for output in outputs)
    errors = [output for output in outputs if output.output_type == 'error']
    said = ' '.join(output.get('text', '') for output in outputs)
    if errors: yield f'{path}: an error among its outputs'
    if '/ipykernel_' in said: yield f'{path}: a warning that names a folder of the machine'
    if not pictures and path.stem not in PLAIN: yield f'{path}: no picture'


if __name__ == '__main__':
    found = [said for path in sorted(Path('nbs').glob('*.ipynb')) for said in faults(path)]
    print('\n'.join(found))
    sys.exit(bool(found))
