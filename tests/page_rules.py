"""tools/pages.py, glossary.py and again.py say what they should of pages that are made here.

    python tests/page_rules.py"""
import sys
from copy import deepcopy
from pathlib import Path
sys.path.insert(0, str(Path(__file__).parents[1]/'tools'))
import again
import glossary
import pages
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

GOOD = """x = 1 # one

y = x + 1"""


def page(*texts, **metadata):
    "A notebook: texts that begin with # and a space are prose"
    cells = [new_markdown_cell(t) if t.startswith('# ') else new_code_cell(t) for t in texts]
    return new_notebook(cells=cells, metadata=metadata)


def said(check, notebook): return ' '.join(check(notebook))


def test_stale():
    "A hash of the code, and of nothing else"
    made = page('# A page', GOOD, '!ls')
    assert 'never executed' in said(pages.stale, made)
    made.metadata['miniddpm'] = {'code': pages.code_hash(made)}
    assert not said(pages.stale, made)
    for same in 'x = 1\ny = x + 1', 'x = 1 # another word\ny = x + 1\n# and a line':
        other = deepcopy(made)
        other.cells[1].source = same
        assert not said(pages.stale, other), same
    for changed in 'x = 2\ny = x + 1', 'x = 1\ny = x + 1\nx', "x = '# one'\ny = x + 1":
        other.cells[1].source = changed
        assert 'older than its code' in said(pages.stale, other), changed
    assert not said(pages.stale, page('# Nothing to run'))


def test_grain():
    "Sizes of cells and lines"
    lines = '\n'.join(f'x = {i}' for i in range(26))
    assert 'a cell of 26 lines, 25' in said(pages.grain, page(lines))
    assert '26 lines' not in said(pages.long_cells, ['#| export\n' + lines])
    assert '41 lines, 40' in said(pages.long_cells, ['#| export\n' + '\n'.join(['x = 1']*41)])
    assert 'median' in said(pages.grain, page(*['\n'.join(['x = 1']*7)]*3))
    assert not said(pages.grain, page(GOOD, GOOD, '\n'.join(['x = 1']*25)))
    assert 'a line of 17 words' in said(pages.long_lines, page('x = ' + ' + '.join('abcdefghijklmnop')))
    assert '111 characters' in said(pages.long_lines, page(f"x = '{'a'*105}'"))
    assert not said(pages.long_lines, page(GOOD))


def test_empty_pictures():
    "Axes and their drawing are one cell"
    made = '_,axs = plt.subplots(1, 2)'
    assert 'axes `axs`' in said(pages.empty_pictures, page(made, 'for ax in axs: ax.plot(x)'))
    assert not said(pages.empty_pictures, page(made + '\nfor ax in axs: ax.plot(x)'))
    assert not said(pages.empty_pictures, page('fig,(a, b) = plt.subplots(1, 2)\na.plot(x)\nb.plot(x)'))
    assert 'axes `b`' in said(pages.empty_pictures, page('fig,(a, b) = plt.subplots(1, 2)\na.plot(x)'))


def test_words():
    "Folds, links, and what a first reader can read"
    folded = page(pages.FOLD + '\nassert True')
    assert 'one place only' in said(pages.folds, folded)
    folded.cells[0].metadata['jupyter'] = {'source_hidden': True}
    assert not said(pages.folds, folded)
    assert 'not there: 99_none' in said(pages.links, page('# See [99_none](99_none.ipynb#here)'))
    assert 'not there: 98_none' in said(pages.links, page('# See `98_none`'))
    assert not said(pages.links, page('# See [02_schedules](02_schedules.ipynb) and `04_samplers`'))
    assert '46 cells' in said(pages.path_page, page(*['# a']*46))
    assert '2,001 words' in said(pages.path_page, page('# ' + 'a '*2000))
    assert 'speaks of argparse' in said(pages.path_page, page('import argparse'))
    assert not said(pages.path_page, page('# ' + 'a '*1999, GOOD))


def test_glossary():
    "Terms, with their sentences and headings"
    text = '# Top\n\nOne. Fresh noise (**stochastic sampling**) helps. So\n\n## Deep\n\nA (**b**, or c).'
    cells = page(text).cells
    found = [(h, list(glossary.marks(t))) for h, t in glossary.headings(cells)]
    assert found[1] == ('Top', [('stochastic sampling', 'Fresh noise (**stochastic sampling**) helps.')])
    assert found[2] == ('Deep', [('b', 'A (**b**, or c).')])
    table = '| part | why |\n|---|---|\n| a net of two (**c**) | none |'
    assert list(glossary.marks(table)) == [('c', 'a net of two (**c**)')]
    assert list(glossary.marks('- Not so (**d**): it is')) == [('d', 'Not so (**d**): it is')]


def test_again():
    "Texts that are alike, and texts that are not"
    assert again.alike('loss 0.500 in 3 steps', 'loss 0.501 in 3 steps')
    assert again.alike('apart 3e-16', 'apart 8e-15')
    for other in 'loss 0.55 in 3 steps', 'loss 0.500 in 4 steps', 'error 0.500 in 3 steps', 'loss 0.500':
        assert not again.alike('loss 0.500 in 3 steps', other), other


if __name__ == '__main__':
    tests = [f for name, f in list(globals().items()) if name.startswith('test_')]
    for test in tests: test()
    print(f'{len(tests)} tests of the rules for pages passed')
