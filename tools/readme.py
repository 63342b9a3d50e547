"README.md from nbs/index.ipynb, less its directives and hidden cells: `python .ci/readme.py`, or `--check`"
import re, sys
from pathlib import Path
import nbformat

def markdown(path):
    "The notebook as Markdown: prose, code, printed text; its pictures stand beside it"
    parts = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == 'markdown': parts.append(cell.source)
        elif not re.search(r'^#\s*\|\s*hide', cell.source, re.M):
            code = re.sub(r'^#\s*\|.*\n?', '', cell.source, flags=re.M).strip()
            if code: parts.append(f'```python\n{code}\n```')
            parts += ['```\n' + o.text.strip() + '\n```' for o in cell.outputs if o.output_type == 'stream']
    return re.sub(r'\]\((images/|\w+\.ipynb)', r'](nbs/\1', '\n\n'.join(parts)) + '\n'

text, readme = markdown('nbs/index.ipynb'), Path('README.md')
if '--check' not in sys.argv: readme.write_text(text)
elif readme.read_text() != text: sys.exit('README.md is not what nbs/index.ipynb says: run python .ci/readme.py')
