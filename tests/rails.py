"""The rails count what they should; each fails just outside its limit, and not inside.

    python tests/rails.py

The samples are made by hand.
Python 3.10 and 3.11 give an f-string as one token, later ones its parts."""
import contextlib
import io
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]/'tools'))
import counts
import rooms
import shape

# Words: a line of code -> how many there are
WORDS = {
    'x = 1': 2,
    'x = a.b(c, d=2)': 6,
    'return_ = not x is None': 2, # keywords are none, and neither is None
    "x = 'a' 'b'": 3,
    "x = f'{a} and {b[0]!r:>{c}} {d!s}'": 2, # an f-string is one word, whatever is in it
    '''x = f"a{f'{y}'}b" + z''': 3,
    "x = rb'a' + Rb'c'": 3,
    'x = 1e-3 + 0x1F + 1_000 + 2j': 5,
    "é = é + check('a', b)": 4, # bytes are not characters
    'x: dict[str, int] = y': 2, # an annotation is free
    'import os, sys': 0,
    'from os import path as p': 0,
    "raise ValueError('a' 'b')": 1,
    "raise ValueError(f'a {x.y}' + ', '.join(z))": 1,
    'raise ValueError(x)': 2,
    "check(x > 0, f'expected {y}, got {z}')": 3,
    "warnings.warn('this ' 'and that')": 2,
    "parser.error('no')": 2,
    "assert x, f'{y} {z}'": 1,
    "assert x, (y, 'z')": 1, # whatever an assert says
    "print('said')": 2, # no error text
    'x = lambda a, b=2: a': 5,
    'match = case + type': 3, # words that are keywords elsewhere
    'x @= y # z z z': 2,
    '# nothing here': 0,
}

# Texts just inside and just outside a limit, and what is said then
LINE = 'x = 1\n'
TEXTS = {
    'a line of words': (
        'f(' + 'a, '*15 + ')\n',
        'f(' + 'a, '*16 + ')\n',
        '1: the line has 17 words; 16 are allowed'),
    'characters': (
        '#' + 'é'*109 + '\n',
        '#' + 'é'*110 + '\n',
        '1: the line has 111 characters; 110 are allowed'),
    'names of a parallel assignment': (
        'a, b = 1, 2\n',
        'a, b, c = 1, 2, 3\n',
        '1: a parallel assignment has 3 names; 2 are allowed'),
    'names inside of names': (
        '(a, b) = f(), g()\n',
        'a, (b, c) = 1, f()\n',
        'has 3 names'),
    'names of lists': (
        'a, b, c = f()\n',
        'self.a, b[0], c = d = [1, 2, 3]\n',
        'has 3 names'),
    'a ternary': (
        'x = a if b else c\ny = d if e else g\n',
        'x = a if b else c if d else e\n',
        '1: a ternary stands in a ternary; none is allowed'),
    'a ternary in a call': (
        'x = (a if b else c) + (d if e else g)\n',
        'x = f(a if b else c) if d else e\n',
        'a ternary stands in a ternary'),
    'a comprehension': (
        'x = [f(a, b) for a in c for b in a]\n',
        'x = [[b for b in a] for a in c]\n',
        '1: a comprehension stands in a comprehension; none is allowed'),
    'loops of a comprehension': (
        'x = {a for a in b for a in a}\n',
        'x = {a for a in b for a in a for a in a}\n',
        'two loops'),
    'a comprehension in an f-string': (
        "x = f'{[a for a in b]}'\n",
        "x = ', '.join(f'{[a for a in b]}' for b in c)\n",
        'in a comprehension'),
    'semicolons': (
        "x = ';'; # the end\n",
        "x = '''\n'''; y = 1\n",
        '2: a semicolon stands inside the line; none is allowed'),
    'import *': (
        'from os import path\n',
        'from os import *\n',
        '1: everything is imported from os; only names are allowed'),
    'a decorated function': (
        '@d\ndef f(x): return x\n',
        '@d\n@e\ndef f(a, b, c, d, e, f, g, h, i): return a\n',
        '3: f has 9 parameters'),
    'nesting outside functions': (
        'if a:\n  for b in c: d\n',
        'if a:\n  for b in c:\n    with d: e\n',
        '1: outside functions, blocks are 3 deep; 2 are allowed')}


def function(lines, head='def f():', inside='    '):
    "A function with these lines as its body"
    return head + '\n' + ''.join(f'{inside}{line}'.rstrip() + '\n' for line in lines)


def network(lines, name='__init__', base='nn.Module'):
    "A class with one method"
    return f'class Net({base}):\n' + function(lines, f'    def {name}(self):', '        ')


def body(*sizes, line='x = 1'):
    "Paragraphs with this many lines"
    return [row for n in sizes for row in ['', *[line]*n]][1:]


# Functions just inside and just outside
MATCH = ['match a:', '    case [b, *_]:', '        if b: return']
FUNCTIONS = {
    'lines': (
        function(body(10, 10)),
        function(body(10, 11)),
        '1: f has a body of 21 lines; 20 are allowed'),
    'free lines': (
        function(['"""', 'a', 'b', 'c"""', *body(10), '# c', *body(10)]),
        function([*body(11), '# c', *body(10)]),
        '21 lines'),
    'a decorated body': (
        function(['@d', 'def g():', *['    y = 1']*9, '# then', *body(9)]),
        function(['@d', 'def g():', *['    y = 1']*9, '# then', *body(10)]),
        '21 lines'),
    'a network': (
        network(body(15, 15)),
        network(body(15, 16)),
        '2: __init__ has a body of 31 lines; 30 are allowed'),
    'another method': (
        network(body(10, 10), 'forward'),
        network(body(10, 11), 'forward'),
        'forward has a body of 21 lines'),
    'another class': (
        network(body(10, 10), base='list'),
        network(body(10, 11), base='list'),
        '20 are allowed'),
    'words': (
        function(body(8, line='f(' + 'a, '*14 + ')')),
        function([*body(8, line='f(' + 'a, '*14 + ')'), 'a']),
        '1: f has a body of 121 words; 120 are allowed'),
    'paragraphs': (
        function(body(12)),
        function(body(13)),
        '1: f has 13 lines without a blank line or a heading comment; 12 are allowed'),
    'a heading': (
        function([*body(6), '# heading', *body(7)]),
        function(body(13, line='x = 1 # margin')),
        'heading comment'),
    'parameters': (
        function(['pass'], 'def f(self, a, b, /, c, d, *args, e, f, g, h, **kw):'),
        function(['pass'], 'async def f(a, b, /, c, d, *args, e, f, g, h, i, **kw):'),
        '1: f has 9 parameters; 8 are allowed'),
    'nesting': (
        function(['for a in b:', '    if a: pass']),
        function(['for a in b:', '    if a:', '        with c: pass']),
        '1: f has blocks 3 deep; 2 are allowed'),
    'elif': (
        function(['for a in b:', '    if a: pass', '    elif b: pass', '    elif c: pass']),
        function(['for a in b:', '    if a: pass', '    else:', '        for c in d: pass']),
        '3 deep'),
    'a function inside': (
        function(['for a in b:', '    def g():', '        for c in d:', '            if c: e']),
        function(['try: a', 'except b:', '    while c:', '        if d: e']),
        '3 deep'),
    'match': (
        function(MATCH),
        function(['for a in b:', *('    ' + line for line in MATCH)]),
        '3 deep'),
    'a margin': (
        network(['x = x.reshape(1) # (N,)'], 'forward'),
        network(['x = x.reshape(1)'], 'forward'),
        '3: reshape in Net has no comment in the margin; the shape is wanted'),
    'a margin of several lines': (
        network(['x = x.transpose(', '    1, # (N,)', '    2)'], 'f'),
        network(['x = torch.einsum(', '    1)', '# (N,)'], 'f'),
        'einsum'),
    'a margin outside networks': (
        network(['x = x.permute(1)'], 'f', 'list'),
        network(['x = x.permute(1)'], 'f', 'Module'),
        'permute'),
    'a network of a network': (
        network(['x'], 'f') + 'class B(list):\n  def f(self): x.unbind()\n',
        network(['x'], 'f') + 'class B(Net):\n  def f(self): x.unbind()\n',
        'unbind in B')}


def faults_of(text):
    "What the rails say of one text, with its line"
    return [f'{row}: {said}' for row, said in counts.measure('sample.py', text).faults]


def words():
    "Each line of the samples has the words that it should"
    for line, n in WORDS.items():
        found = sum(counts.measure('sample.py', line + '\n').words.values())
        assert found == n, f'{line!r} has {n} words, and {found} were counted'

    # free text in several lines, beside code
    lines = '"""a', 'b"""', "check(x, 'a'", "      f'b{y}'", "      'c')", 'z = 1'
    text = function(lines, 'def f(a: int = 2) -> str:')
    assert counts.measure('sample.py', text).words == {1: 3, 4: 2, 7: 2}
    text = "match match:\n    case 'b' | c:\n        case = match\n    case _: pass\n"
    assert counts.measure('sample.py', text).words == {1: 1, 2: 2, 3: 2, 4: 1}
    assert counts.measure('sample.py', 'x = y').words == {1: 2} # a last line without its end
    text = "# %% auto 0\n__all__ = ['a',\n           'b']\n\nx = '''\n\ny'''\n"
    found = counts.measure('sample.py', text)
    assert (found.words, found.chars) == ({5: 2}, {5: 7, 7: 4}), found
    print(f'words: {len(WORDS)} lines')


def limits():
    "A text inside of a limit is let through, and one outside is told so once"
    cases = TEXTS | FUNCTIONS
    for name, (inside, outside, said) in cases.items():
        assert not faults_of(inside), f'{name}: {faults_of(inside)}'
        found = faults_of(outside)
        assert len(found) == 1 and said in found[0], f'{name}: expected {said!r}, got {found}'
    deep = function(['for a in b:', '    if a:', '        with c: pass'])
    assert not counts.measure('sample.py', deep, nesting=3).faults
    print(f'limits: {len(cases)}, inside and outside')


def rates():
    "Shares of long and of wide lines, and of parallel assignments, of several files together"
    long = 'f(' + ', '.join('a'*12) + ')\n' # 13 words
    wide = '#' + 'a'*100 + '\n'
    pairs = 'a, b = 1, 2\n'*3
    samples = {
        'words': (long + LINE*19, long + LINE*18, '5.26% of lines have more than 12 words; 5%'),
        'chars': (wide*3 + LINE*97, wide*3 + LINE*96, '3.03% of lines have more than 100 char'),
        'parallel': (pairs + LINE*197, pairs + LINE*196, '1.51 of 100')}

    for name, (inside, outside, said) in samples.items():
        for text in inside, outside:
            files = [counts.measure('a.py', text), counts.measure('b.py', '')]
            found = list(shape.rate_faults('tools', files))
            assert bool(found) == (text is outside), f'{name}: {found}'
        assert len(found) == 1 and said in found[0] and found[0].startswith('a.py:'), found
    print(f'rates: {len(samples)}')


def of_words(name, n):
    "A module of this many words"
    return counts.measure(f'miniddpm/{name}.py', 'x = 1\n'*(n//2))


def packages():
    "Packages just inside and just outside a limit, and what is said then"
    rest = [of_words(f'm{i}', 900) for i in range(11)]
    parts = {'schedules': 1000, 'denoiser': 500, 'samplers': 500, 'solvers': 500, 'guidance': 500}
    core = [of_words(name, n) for name, n in parts.items()]
    full = [*core, *rest, *(of_words(f'n{i}', 1000) for i in range(6)), of_words('last', 100)] # 19,000

    yield ([*core, *rest], [*core[1:], of_words('schedules', 1002), *rest],
           ['schedules.py:1: 1,002 words; 1,000 are allowed', '3,002 words; 3,000 are allowed'])
    yield full, [*full, of_words('one', 2)], ['19,002 words; 19,000 are allowed']
    yield ([*rest[:10], of_words('a', 1000)], [*rest[:9], of_words('a', 902)],
           ['a.py:1: 10.0% of the words of miniddpm; 10% are allowed'])


def sizes():
    "Words of a module, of the core and of the package"
    for inside, outside, said in packages():
        assert not list(shape.package_faults(inside)), said
        found = list(shape.package_faults(outside))
        assert len(found) == len(said), (said, found)
        assert all(s in f for s, f in zip(said, found)), (said, found)
    print(f'sizes: {len(list(packages()))}')


def module(page, text='', names=()):
    "A module as nbdev writes it"
    head = f'# AUTOGENERATED! DO NOT EDIT! File to edit: ../nbs/{page}.ipynb.'
    return f'__all__ = {list(names)}\n{head}\n{text}\n'


# Modules, and what is said of them
UNET = 'from .nets.layers import x\nfrom miniddpm import files, other'
HOUSE = {
    '__init__': '',
    'words': module('00_words'),
    'basics': module('00_basics', 'from .words import b', names=['a']),
    'files': module('00_files', 'from .basics import a\nimport os\nimport miniddpm.basics', ['b']),
    'unet': module('05_unet', UNET, ['c']),
    'nets/layers': module('05_layers', 'from ..basics import a\nfrom .. import files'),
    'nets/more': module('24_more', 'from .layers import x\nfrom ..unet import c'),
    'training/optim': module('06b_optim', 'from ..nets_ import x\nfrom ..unet import c')}
UP = 'imports training.optim of page 06b_optim.ipynb; pages with a smaller number or the same'
WRONG_ROOMS = {
    'up': (
        'files', module('00_files', 'def f():\n    from .unet import c'),
        ['page 00_files.ipynb imports unet of page 05_unet', 'circle of files, nets.layers, unet']),
    'up by its full name': (
        'basics', module('00_basics', 'import miniddpm.training.optim'), [UP, 'in a circle']),
    'up by a function': (
        'data', module('00_data', "import_module('miniddpm.unet')"), ['00_data.ipynb imports unet']),
    'up in a wing': (
        'nets/layers', module('05_layers', 'from .more import x'),
        ['05_layers.ipynb imports nets.more of page 24_more', 'circle of nets.layers, nets.more, unet']),
    'a circle': (
        'words', module('00_words', 'from . import files'), ['in a circle of basics, files, words']),
    'a wing on a wing': (
        'training/optim', module('06b_optim', 'from ..nets.layers import x'),
        ['wing training imports nets.layers']),
    'a name': (
        'unet', module('05_unet', names=['b']),
        ['b is public here and in miniddpm/files.py; one module is allowed'])}


def house_faults(modules):
    "What is said of imports and public names"
    texts = {f'miniddpm/{name}.py': text for name, text in modules.items()}
    made = rooms.rooms_of(texts, 'miniddpm')
    return [said for _, _, said in (*rooms.import_faults(made, 'miniddpm'), *rooms.name_faults(made))]


def houses():
    "Imports and public names"
    assert not house_faults(HOUSE), house_faults(HOUSE)
    for name, (changed, text, wanted) in WRONG_ROOMS.items():
        said = house_faults(HOUSE | {changed: text})
        known = {(s, w) for s in said for w in wanted if w in s}
        assert {s for s, _ in known} == set(said) and {w for _, w in known} == set(wanted), (name, said)
    print(f'rooms: {len(WRONG_ROOMS)}')


def whole():
    "The script itself, on a tree with one fault and without"
    before = os.getcwd()
    deep = function(['for a in b:', '    if a:', '        with c: pass'])
    with tempfile.TemporaryDirectory() as top, contextlib.redirect_stdout(io.StringIO()) as out:
        os.chdir(top)
        try:
            for folder in 'miniddpm', 'tools', 'tests': Path(folder).mkdir()
            Path('tools/a.py').write_text(LINE)
            Path('tests/b.py').write_text(deep)
            clean = shape.main([])
            Path('tools/a.py').write_text('x = 1; y = 2\n')
            broken, alone = shape.main([]), shape.main(['tools/a.py'])
        finally: os.chdir(before)

    assert (clean, broken, alone) == (0, 1, 1), out.getvalue()
    assert '! tools/a.py:1: a semicolon stands inside the line; none is allowed\n' in out.getvalue()
    print('the script: 3 runs')


if __name__ == '__main__':
    for test in words, limits, rates, sizes, houses, whole: test()
