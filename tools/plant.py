"""Plant faults in the exported cells of pages, one at a time, and see whether a cell notices.

    python tools/plant.py 02_schedules 04_samplers --n 8 --seed 0

A fault is a sign, a comparison, a number or a test turned around. The page runs as under nbdev_test.
Prints those that nobody noticed. Some of these change nothing: look at each."""
import argparse
import ast
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
import nbformat

EXPORTED = re.compile(r'^#\s*\|\s*export', re.M)
SIGNS = {ast.Add: '-', ast.Sub: '+', ast.Mult: '/', ast.Div: '*'}
COMPARISONS = {
    ast.Lt: '>=', ast.LtE: '>', ast.Gt: '<=', ast.GtE: '<',
    ast.Eq: '!=', ast.NotEq: '==',
    ast.Is: 'is not', ast.IsNot: 'is', ast.In: 'not in', ast.NotIn: 'in'}
SECONDS = 300 # for a page; longer counts as noticed
RUN = ('import pathlib, sys; page = pathlib.Path(sys.argv.pop(1)); '
       'from nbdev.doclinks import nbdev_export; from nbdev.test import test_nb; nbdev_export(); '
       "sys.exit(not test_nb(page, skip_flags=['notest'])[0])")


# Faults: (first place, last place, text instead), places as (row, column)

def start(node): return node.lineno, node.col_offset


def end(node): return node.end_lineno, node.end_col_offset


def between(left, right, sign):
    "Another sign between two terms"
    return end(left), start(right), f' {sign} '


def number(node):
    "Another number"
    value = node.value + 1 if isinstance(node.value, int) else 1.5*node.value + 0.1
    return start(node), end(node), repr(value)


def negated(node):
    "A test turned around"
    return start(node), end(node), f'(not ({ast.unparse(node)}))'


def fault(node):
    "What could be wrong at a node, or None"
    kind = type(node)
    if kind is ast.BinOp and type(node.op) in SIGNS:
        return between(node.left, node.right, SIGNS[type(node.op)])
    if kind is ast.Compare and len(node.ops) == 1:
        return between(node.left, node.comparators[0], COMPARISONS[type(node.ops[0])])
    if kind is ast.Constant and type(node.value) in (int, float): return number(node)
    if kind in (ast.If, ast.IfExp): return negated(node.test)


def faults(text):
    "All faults of a cell, without those in annotations"
    tree = ast.parse(text)
    found = [fault(node) for node in ast.walk(tree)]
    return sorted({f for f in found if f is not None})


def with_fault(text, first, last, instead):
    "The cell with one fault, or None where it is no Python any more"
    lines = text.encode().splitlines(keepends=True) # columns of ast are bytes
    starts = [sum(map(len, lines[:row])) for row in range(len(lines))]
    code = text.encode()
    a,b = (starts[row-1] + column for row, column in (first, last))
    new = (code[:a] + instead.encode() + code[b:]).decode()
    try: ast.parse(new)
    except SyntaxError: return None
    return new


# Pages

def faulty_cells(cell):
    "(cell, faulty text, words about it) for a cell"
    for first, last, instead in faults(cell.source):
        new = with_fault(cell.source, first, last, instead)
        line = cell.source.splitlines()[first[0]-1].strip()
        if new: yield cell.id, new, f'{line[:90]}  <- {instead.strip()}'


def all_faults(notebook):
    "The same for a page"
    code = [c for c in notebook.cells if c.cell_type == 'code' and EXPORTED.search(c.source)]
    return [found for cell in code for found in faulty_cells(cell)]


def noticed(folder, page, id, text):
    "Does a cell of the page fail?"
    path = folder/'nbs'/f'{page}.ipynb'
    good = path.read_text(encoding='utf-8')
    notebook = nbformat.reads(good, as_version=4)
    for cell in notebook.cells:
        if cell.id == id: cell.source = text

    # other modules use what the page exports, so the faulty page is exported, too
    nbformat.write(notebook, path)
    env = dict(os.environ, IN_TEST='1', PYTHONPATH=str(folder), OMP_NUM_THREADS='1')
    try: done = subprocess.run([sys.executable, '-c', RUN, path], cwd=folder, env=env,
                               capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired: return True
    finally: path.write_text(good, encoding='utf-8')
    return done.returncode != 0


def plant(folder, page, n, rng):
    "How many of `n` faults were noticed, and how many were planted"
    every = all_faults(nbformat.read(folder/'nbs'/f'{page}.ipynb', as_version=4))
    if noticed(folder, page, None, None): sys.exit(f'{page} fails as it is')
    chosen = rng.sample(every, min(n, len(every)))
    caught = 0
    for id, text, words in chosen:
        seen = noticed(folder, page, id, text)
        caught += seen
        print(f'{page}: {"noticed" if seen else "NOT NOTICED"}: {words}', flush=True)
    return caught, len(chosen)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('pages', nargs='+')
    parser.add_argument('--n', type=int, default=8, help='faults in each page')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, 'copy')
        shutil.copytree('.', copy, ignore=shutil.ignore_patterns('.git', '.venv'))
        rng = random.Random(args.seed)
        counts = [plant(copy, page, args.n, rng) for page in args.pages]
    caught,planted = map(sum, zip(*counts))
    print(f'{caught} of {planted} noticed')


if __name__ == '__main__': main()
