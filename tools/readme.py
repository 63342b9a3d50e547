"""README.md from nbs/index.ipynb, less its directives and hidden cells; pictures become files.

    python tools/readme.py [--check]"""
import base64
import re
import sys
from pathlib import Path
import nbformat

HIDDEN = re.compile(r'^#\s*\|\s*hide', re.M)
SILENT = re.compile(r'^#\s*\|\s*echo:\s*false', re.M) # only what it puts out
AS_IS = re.compile(r'^#\s*\|\s*output:\s*asis', re.M) # which is Markdown
DIRECTIVE = re.compile(r'^#\s*\|.*\n?', re.M)
LINK = re.compile(r'\]\((images/|\w+\.ipynb)') # to what stands beside the notebook
IMAGES = Path('nbs/images')


def code_of(cell):
    "A code cell's code as Markdown"
    code = DIRECTIVE.sub('', cell.source).strip()
    if code and not SILENT.search(cell.source): yield f'```python\n{code}\n```'


def outputs_of(cell):
    "What a code cell printed and drew, as Markdown"
    for output in cell.outputs:
        if output.output_type == 'stream' and output.name == 'stdout':
            text = output.text.strip()
            yield text if AS_IS.search(cell.source) else f'```\n{text}\n```'
        if 'image/png' in output.get('data', {}): yield f'![What this draws](images/index_{cell.id}.png)'


def pictures_of(notebook):
    "File -> bytes of each picture among the outputs"
    cells = [c for c in notebook.cells if c.cell_type == 'code']
    drawn = [(c.id, o.get('data', {}).get('image/png')) for c in cells for o in c.outputs]
    return {IMAGES/f'index_{id}.png': base64.b64decode(png) for id, png in drawn if png}


def markdown(notebook):
    "The notebook as Markdown: prose, code, and what it puts out"
    parts = []
    for cell in notebook.cells:
        if cell.cell_type == 'markdown': parts.append(cell.source)
        elif not HIDDEN.search(cell.source): parts += [*code_of(cell), *outputs_of(cell)]
    return LINK.sub(r'](nbs/\1', '\n\n'.join(parts)) + '\n'


def main(check):
    "Write the files, or exit with a sentence where one is not what the notebook says"
    notebook = nbformat.read('nbs/index.ipynb', as_version=4)
    files = {Path('README.md'): markdown(notebook).encode()} | pictures_of(notebook)
    for path, content in files.items():
        if not check: path.write_bytes(content)
        elif not path.exists() or path.read_bytes() != content:
            sys.exit(f'{path} is not what nbs/index.ipynb says: run python tools/readme.py')


if __name__ == '__main__': main('--check' in sys.argv)
