"""What a page must be: outputs of its own code, small cells, folded checks, links that lead somewhere.

    python tools/pages.py            # all pages; fails where one is not
    python tools/pages.py NAME ...   # these, with or without nbs/ and .ipynb"""
import ast
import hashlib
import io
import json
import re
import statistics
import sys
import tokenize
from pathlib import Path
import counts

PAGES = Path('nbs')
PATH = ('00_data', '01_crappify', '02_schedules', '03_denoiser', '04_samplers', '05_unet',
        '06_learner', '07_metrics', '10_first_model') # what a first reader reads
PAGE_CELLS = 45 # of a page of the path
PAGE_WORDS = 2_000
PAGE_MINUTES = 20
WORDS_A_MINUTE = 180
LINES_A_MINUTE = 25 # of code that is not folded
PATH_CELLS = 400
PATH_WORDS = 16_000
MEDIAN_LINES = 6 # of code in a cell
P90_LINES = 15
CELL_LINES = 25
EXPORTED_LINES = 40
NOT_FOR_THE_PATH = 'argparse', 'checksum', 'several processes', 'SHA-256', 'torchrun'
FOLD = '#| code-fold: true'
UNPYTHONIC = re.compile(r'^\s*[%!].*$', re.M) # commands of the notebook
LINK = re.compile(r'\]\((?:\./)?(\w+)\.ipynb(?:#[^)]*)?\)')
SLUG = re.compile(r'`(\d\d[a-z]?_\w+)`')


def source_of(cell): return ''.join(cell['source'])


def of_kind(notebook, kind):
    "The texts of a notebook's cells of a kind"
    return [source_of(c) for c in notebook['cells'] if c['cell_type'] == kind]


def without_comments(code):
    "Lines of code, without comments and blank lines"
    lines = code.split('\n')
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        row,column = token.start
        if token.type == tokenize.COMMENT: lines[row-1] = lines[row-1][:column]
    return [line.rstrip() for line in lines if line.strip()]


def code_hash(notebook):
    "SHA-256 of a notebook's code, whatever its comments, blank lines and cells"
    code = '\n'.join(UNPYTHONIC.sub('', text) for text in of_kind(notebook, 'code'))
    return hashlib.sha256('\n'.join(without_comments(code)).encode()).hexdigest()


def stale(notebook):
    "Are the outputs those of other code?"
    if not of_kind(notebook, 'code'): return
    kept = notebook['metadata'].get('miniddpm', {}).get('code')
    if kept is None: yield 'it was never executed by tools/execute.py'
    elif kept != code_hash(notebook): yield 'its outputs are older than its code: execute it again'


# Cells

def code_lines(text):
    "Lines of code, without blanks, directives and commands of the notebook"
    return [line for line in text.split('\n') if line.strip() and not line.startswith(('#|', '%', '!'))]


def is_exported(text): return re.search(r'^#\s*\|\s*export', text, re.M) is not None


def long_cells(texts):
    "Cells above the limit"
    for text in texts:
        n = len(code_lines(text))
        limit = EXPORTED_LINES if is_exported(text) else CELL_LINES
        if n > limit: yield f'a cell of {n} lines, {limit} are allowed: {code_lines(text)[0][:60]}'


def grain(notebook):
    "Are the cells small?"
    texts = of_kind(notebook, 'code')
    sizes = sorted(len(code_lines(t)) for t in texts if code_lines(t))
    yield from long_cells(texts)
    if not sizes: return
    median = statistics.median(sizes)
    p90 = sizes[int(0.9*(len(sizes)-1))]
    if median > MEDIAN_LINES: yield f'{median:.0f} lines a cell at the median, {MEDIAN_LINES} are allowed'
    if p90 > P90_LINES: yield f'{p90} lines a cell at the 90% mark, {P90_LINES} are allowed'


def too_long(table, limits, share, kind):
    "What is wrong with the lengths of lines: line -> length"
    most,limit = limits
    over = sum(n > most for n in table.values())/max(1, len(table))
    if over > share: yield f'{over:.1%} of lines have over {most} {kind}; {share:.0%} are allowed'
    yield from (f'a line of {n} {kind}: {line}' for line, n in table.items() if n > limit)


def long_lines(notebook):
    "Are the lines short?"
    texts = (UNPYTHONIC.sub('', text) for text in of_kind(notebook, 'code'))
    shape = counts.measure('page.py', '\n'.join(texts) + '\n')
    def named(table): return {f'{row}: {shape.lines[row-1].strip()[:60]}': n for row, n in table.items()}

    yield from too_long(named(shape.words), counts.LINE_WORDS, 0.05, 'words')
    yield from too_long(named(shape.chars), counts.LINE_CHARS, 0.03, 'characters')


def folds(notebook):
    "A folded cell is folded in JupyterLab and on a site"
    for cell in notebook['cells']:
        hidden = cell['metadata'].get('jupyter', {}).get('source_hidden', False)
        if hidden != (FOLD in source_of(cell)):
            yield f'folded in one place only: {source_of(cell)[:60]!r}'


# Pictures

def made_axes(tree):
    "Names of axes that a cell makes with plt.subplots"
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign) or 'plt.subplots' not in ast.unparse(node.value): continue
        names = [n.id for target in node.targets for n in ast.walk(target) if isinstance(n, ast.Name)]
        yield from (name for name in names[1:] if name != '_')


def empty_pictures(notebook):
    "Axes that are made in a cell and drawn on in another: Jupyter shows them empty"
    for text in of_kind(notebook, 'code'):
        if 'plt.subplots' not in text or UNPYTHONIC.search(text): continue
        tree = ast.parse(text)
        used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        for name in set(made_axes(tree)) - used:
            yield f'nothing is drawn on the axes `{name}`: {text[:60]!r}'


# Words

def words(notebook): return sum(len(text.split()) for text in of_kind(notebook, 'markdown'))


def reading_minutes(notebook):
    "How long a page takes to read"
    lines = sum(len(code_lines(text)) for text in of_kind(notebook, 'code') if FOLD not in text)
    return words(notebook)/WORDS_A_MINUTE + lines/LINES_A_MINUTE


def links(notebook):
    "Names of pages that are none"
    text = '\n'.join(of_kind(notebook, 'markdown'))
    for name in {*LINK.findall(text), *SLUG.findall(text)}:
        if not (PAGES/f'{name}.ipynb').exists(): yield f'names a page that is not there: {name}'


def path_page(notebook):
    "Can a first reader read it?"
    cells = len(notebook['cells'])
    said = words(notebook)
    if cells > PAGE_CELLS: yield f'{cells} cells; {PAGE_CELLS} are allowed on the path'
    if said > PAGE_WORDS: yield f'{said:,} words; {PAGE_WORDS:,} are allowed on the path'
    minutes = reading_minutes(notebook)
    if minutes > PAGE_MINUTES: yield f'{minutes:.0f} minutes to read; {PAGE_MINUTES} are allowed on the path'
    text = '\n'.join(source_of(c) for c in notebook['cells'])
    yield from (f'speaks of {word}' for word in NOT_FOR_THE_PATH if word in text)


# All of it

ROW = re.compile(r'^\| \[(\w+)\]\(\w+\.ipynb\) \|[^|]*\| (\d+) \|', re.M) # of the index: page, minutes


def index(notebook):
    "Minutes of reading in the index that are not right"
    for name, said in ROW.findall('\n'.join(of_kind(notebook, 'markdown'))):
        minutes = reading_minutes(read(name))
        if abs(minutes - int(said)) > 1.5: yield f'says {said} minutes for {name}, which takes {minutes:.0f}'


def read(name): return json.loads((PAGES/f'{name}.ipynb').read_text(encoding='utf-8'))


def faults(name):
    "What is wrong with a page: sentences"
    notebook = read(name)
    checks = [folds, links, empty_pictures, stale, grain, long_lines]
    if name in PATH: checks.append(path_page)
    if name == 'index': checks.append(index)
    return [f'{name}: {said}' for check in checks for said in check(notebook)]


def path_faults():
    "Is the path too long?"
    notebooks = [read(name) for name in PATH]
    cells = sum(len(n['cells']) for n in notebooks)
    said = sum(map(words, notebooks))
    print(f'the path: {cells} cells, {said:,} words')
    if cells > PATH_CELLS: yield f'the path has {cells} cells; {PATH_CELLS} are allowed'
    if said > PATH_WORDS: yield f'the path has {said:,} words; {PATH_WORDS:,} are allowed'


def main(given):
    "Print all faults; how many there are"
    names = [Path(word).stem for word in given] or sorted(p.stem for p in PAGES.glob('*.ipynb'))
    found = [said for name in names for said in faults(name)]
    if not given: found += path_faults()
    print('\n'.join(f'! {said}' for said in found))
    print(f'{len(found)} faults' if found else f'{len(names)} pages are as they should be')
    return len(found)


if __name__ == '__main__': sys.exit(min(main(sys.argv[1:]), 1))
