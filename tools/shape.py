"""The rails: how much stands in a line, a function, a module. `python tools/shape.py` prints and fails above the limits.

A word is a name, number or string in code. Docstrings, comments, annotations, imports and error texts are free.
With `--pages` it looks at the cells of the notebooks as well, and only reports."""
import ast
import io
import keyword
import re
import sys
import tokenize
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

CORE = 'schedules', 'denoiser', 'samplers', 'solvers', 'guidance'
PACKAGE_WORDS, CORE_WORDS, MODULE_WORDS = 18_000, 3_000, 1_000
LINE_WORDS, LINE_CHARS = (12, 16), (100, 110) # for nearly all lines; for none more
BODY_LINES, NETWORK_LINES, BODY_WORDS, PARAGRAPH = 20, 30, 120, 12
NESTING, PARAMETERS, PARALLEL = 2, 8, 1.5
BLOCKS = ast.For, ast.While, ast.If, ast.With, ast.Try
FUNCTIONS = ast.FunctionDef, ast.AsyncFunctionDef
COMPREHENSIONS = ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp
WRONG = 'raise', 'check', 'warn', 'error', 'exit' # what is said when something is wrong


@dataclass
class Shape:
    "What was counted in one text"
    name: str
    words: list = field(default_factory=list) # of each line that has any
    chars: list = field(default_factory=list) # of each line that is not empty
    parallel: int = 0
    statements: int = 0
    faults: list = field(default_factory=list) # (line, what is wrong)


def is_text(node): # a string, also one that is put together
    if isinstance(node, ast.BinOp): return is_text(node.left) or is_text(node.right)
    return isinstance(node, ast.JoinedStr) or isinstance(node, ast.Constant) and isinstance(node.value, str)


def is_wrong(node): # a call that says that something is wrong
    name = getattr(node.func, 'attr', getattr(node.func, 'id', ''))
    return name in WRONG


def docstring(node): # the node of it, or None
    body = getattr(node, 'body', None)
    if not isinstance(body, list) or not body or not isinstance(body[0], ast.Expr): return None
    value = body[0].value
    return value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def error_texts(node): # the strings of a `raise`, a `check`, a warning
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call): return filter(is_text, node.exc.args)
    if isinstance(node, ast.Call) and is_wrong(node): return filter(is_text, node.args)
    return ()


def free(node): # nodes below it whose words are not counted
    if isinstance(node, (ast.Import, ast.ImportFrom)): yield node
    for name in 'annotation', 'returns':
        if getattr(node, name, None) is not None: yield getattr(node, name)
    if isinstance(node, (ast.Module, ast.ClassDef, *FUNCTIONS)) and docstring(node): yield docstring(node)
    yield from error_texts(node)


def inside(start, end, ranges): # does a token lie within one of them?
    return any(a <= start and end <= b for a, b in ranges)


def spot(token, line_bytes): # tokens count characters, nodes count bytes
    row, col = token
    return row, len(line_bytes[row-1][:col].encode())


def words_by_line(text, tree):
    "Line number -> words, for lines of code; a line of free text only is not among them"
    ranges = [((n.lineno, n.col_offset), (n.end_lineno, n.end_col_offset)) for node in ast.walk(tree) for n in free(node)]
    lines, found, depth = text.split('\n'), Counter(), 0
    for t in tokenize.generate_tokens(io.StringIO(text).readline):
        kind = tokenize.tok_name[t.type]
        if kind == 'FSTRING_END': depth -= 1
        if depth == 0 and kind in ('NAME', 'NUMBER', 'STRING', 'FSTRING_START'):
            if not inside(spot(t.start, lines), spot(t.end, lines), ranges):
                found[t.start[0]] += not keyword.iskeyword(t.string)
        if kind == 'FSTRING_START': depth += 1
    return found


def depth_of(node, depth=0): # how deep the blocks of a function are nested; functions inside begin anew
    deepest = depth
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, FUNCTIONS): continue
            chained = name == 'orelse' and isinstance(node, ast.If) and isinstance(child, ast.If) and len(value) == 1
            deepest = max(deepest, depth_of(child, depth + (isinstance(child, BLOCKS) and not chained)))
    return deepest


def function_faults(f, counts, lines, network, nesting):
    "What is wrong with one function"
    body = f.body[1:] if docstring(f) else f.body
    if not body: return
    rows = range(body[0].lineno, f.end_lineno+1)
    length, words = sum(i in counts for i in rows), sum(counts[i] for i in rows)
    most = NETWORK_LINES if network and f.name == '__init__' else BODY_LINES
    arguments = [a.arg for a in (*f.args.posonlyargs, *f.args.args, *f.args.kwonlyargs) if a.arg not in ('self', 'cls')]

    if length > most: yield f.lineno, f'{f.name}: a body of {length} lines'
    if words > BODY_WORDS: yield f.lineno, f'{f.name}: a body of {words} words'
    if length > PARAGRAPH and not any(re.match(r'\s*(#|$)', lines[i-1]) for i in rows):
        yield f.lineno, f'{f.name}: {length} lines without a paragraph'
    if len(arguments) > PARAMETERS: yield f.lineno, f'{f.name}: {len(arguments)} parameters'
    if depth_of(f) > nesting: yield f.lineno, f'{f.name}: blocks {depth_of(f)} deep'


def nested(node, kinds): # is one of these inside another?
    return any(isinstance(n, kinds) for child in ast.iter_child_nodes(node) for n in ast.walk(child))


def expression_faults(tree, text):
    "Ternaries in ternaries, comprehensions in comprehensions, and semicolons"
    for node in ast.walk(tree):
        if isinstance(node, ast.IfExp) and nested(node, ast.IfExp): yield node.lineno, 'a ternary in a ternary'
        if isinstance(node, COMPREHENSIONS) and (len(node.generators) > 2 or nested(node, COMPREHENSIONS)):
            yield node.lineno, 'a comprehension in a comprehension'
    for t in tokenize.generate_tokens(io.StringIO(text).readline):
        rest = t.line[t.end[1]:].strip()
        if t.string == ';' and rest and not rest.startswith('#'): yield t.start[0], 'a semicolon inside the line'


def parallel_names(node): # how many names a parallel assignment gives, or 0
    pair = isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple)
    tuples = [t for t in node.targets if isinstance(t, ast.Tuple)] if pair else []
    return max((len(t.elts) for t in tuples), default=0)


def measure(name, text, nesting=NESTING):
    "Count everything in a text of Python"
    tree, lines = ast.parse(text), text.split('\n')
    shape, counts = Shape(name), words_by_line(text, tree)
    generated = re.compile(r'^(__all__ = | {11}\'|# AUTOGENERATED|# %%)') # by nbdev
    shape.words = [(n, i) for i, n in sorted(counts.items()) if not generated.match(lines[i-1])]
    shape.chars = [(len(line), i) for i, line in enumerate(lines, 1) if line.strip() and not generated.match(line)]
    shape.statements = sum(isinstance(n, ast.stmt) for n in ast.walk(tree))
    networks = {id(f) for c in ast.walk(tree) if isinstance(c, ast.ClassDef) and any('Module' in ast.unparse(b) for b in c.bases)
                for f in c.body}

    # one fault a finding
    found = list(expression_faults(tree, text))
    for node in ast.walk(tree):
        n = parallel_names(node)
        shape.parallel += n > 0
        if n > 2: found.append((node.lineno, f'{n} names in a parallel assignment'))
        if isinstance(node, FUNCTIONS): found += function_faults(node, counts, lines, id(node) in networks, nesting)
    found += [(i, f'{n} words') for n, i in shape.words if n > LINE_WORDS[1]]
    found += [(i, f'{n} characters') for n, i in shape.chars if n > LINE_CHARS[1]]
    shape.faults = sorted(found)
    return shape


def module_texts(folder): # name and text of each module, without the index
    paths = [p for p in sorted(Path(folder).rglob('*.py')) if p.name != '_modidx.py']
    return {str(p): p.read_text(encoding='utf-8') for p in paths}


def report(shapes, worst=10): # prints; the faults of all of them together
    for s in shapes:
        over = sum(n > LINE_WORDS[0] for n, _ in s.words)/max(1, len(s.words))
        wide = sum(n > LINE_CHARS[0] for n, _ in s.chars)/max(1, len(s.chars))
        rate = 100*s.parallel/max(1, s.statements)
        words = sum(n for n, _ in s.words)
        print(f'{s.name}: {words:,} words, {over:.1%} of lines over {LINE_WORDS[0]} words, {wide:.1%} over '
              f'{LINE_CHARS[0]} characters, {rate:.1f} parallel assignments in 100 statements')
        for n, i in sorted(s.words, reverse=True)[:worst]:
            if n > LINE_WORDS[0]: print(f'    {s.name}:{i}: {n} words')
        for i, what in s.faults: print(f'  ! {s.name}:{i}: {what}')
        if over > 0.05: print('  ! too many long lines (words)')
        if wide > 0.03: print('  ! too many wide lines')
        if rate > PARALLEL: print('  ! too many parallel assignments')


def main(paths):
    texts = {p: Path(p).read_text(encoding='utf-8') for p in paths}
    for folder in () if paths else ('miniddpm', 'tools', 'tests'): texts |= module_texts(folder)
    report([measure(name, text, 3 if name.startswith('tests') else NESTING) for name, text in texts.items()])


if __name__ == '__main__': main(sys.argv[1:])
