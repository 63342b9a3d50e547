"""README.md from nbs/index.ipynb, less its directives and hidden cells.

    python tools/readme.py [--check]"""
import re
import sys
from pathlib import Path
import nbformat

HIDDEN = re.compile(r'^#\s*\|\s*hide', re.M)
DIRECTIVE = re.compile(r'^#\s*\|.*\n?', re.M)
LINK = re.compile(r'\]\((images/|\w+\.ipynb)') # to what stands beside the notebook


def code_parts(cell):
    "A code cell as Markdown: its code, and what it printed"
    if HIDDEN.search(cell.source): return
    code = DIRECTIVE.sub('', cell.source).strip()
    if code: yield f'```python\n{code}\n```'
    for output in cell.outputs:
        if output.output_type == 'stream': yield f'```\n{output.text.strip()}\n```'


def markdown(path):
    "The notebook as Markdown: prose, code, printed text; its pictures stay where they are"
    parts = []
    for cell in nbformat.read(path, as_version=4).cells:
        parts += [cell.source] if cell.cell_type == 'markdown' else code_parts(cell)
    return LINK.sub(r'](nbs/\1', '\n\n'.join(parts)) + '\n'


if __name__ == '__main__':
    text = markdown('nbs/index.ipynb')
    readme = Path('README.md')
    if '--check' not in sys.argv: readme.write_text(text, encoding='utf-8')
    elif readme.read_text(encoding='utf-8') != text:
        sys.exit('README.md is not what nbs/index.ipynb says: run python tools/readme.py')
