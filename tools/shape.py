"""The rails: how much stands in a line, a function, a module. Prints, and fails above the limits.

    python tools/shape.py            # package, tools and tests
    python tools/shape.py FILE ...   # these alone, each by itself

A word is a name, number or string in code.
Docstrings, comments, annotations, imports and error texts are free. Pages have tools/pages.py."""
import math
import sys
from pathlib import Path
import counts
from rooms import import_faults, name_faults, rooms_of

PACKAGE = 'miniddpm'
FOLDERS = PACKAGE, 'tools', 'tests'
CORE = 'schedules', 'denoiser', 'samplers', 'solvers', 'guidance'
PACKAGE_WORDS = 19_000 # 18,000, and the first of the modules for fewer steps and other data
CORE_WORDS = 3_000
MODULE_WORDS = 1_000
MODULE_SHARE = 0.1 # of the package
LONG_LINES = 0.05 # share of lines with more words than nearly all have
WIDE_LINES = 0.03 # likewise, characters
PARALLEL = 1.5 # assignments in 100 statements
TEST_NESTING = 3
WORST = 10 # lines that are printed of each module


def total(shapes):
    "Words of several texts"
    return sum(sum(s.words.values()) for s in shapes)


def over(table, limit):
    "How many of a table's numbers are above the limit"
    return sum(n > limit for n in table.values())


def rates(shapes):
    "Share of long lines and of wide lines, and parallel assignments in 100 statements"
    lines = sum(len(s.words) for s in shapes)
    rows = sum(len(s.chars) for s in shapes)
    statements = sum(s.statements for s in shapes)
    long = sum(over(s.words, counts.LINE_WORDS[0]) for s in shapes)/max(1, lines)
    wide = sum(over(s.chars, counts.LINE_CHARS[0]) for s in shapes)/max(1, rows)
    return long, wide, 100*sum(len(s.parallel) for s in shapes)/max(1, statements)


def longest(shapes, attribute):
    "Where the largest number of a table is, as file:line"
    place = max((n, s.name, row) for s in shapes for row, n in getattr(s, attribute).items())
    return f'{place[1]}:{place[2]}'


def rate_faults(name, shapes):
    "What is wrong with rates: sentences"
    long, wide, parallel = rates(shapes)
    words, chars = counts.LINE_WORDS[0], counts.LINE_CHARS[0]
    if long > LONG_LINES:
        yield (f'{longest(shapes, "words")}: the longest of {name}, where {long:.2%} of lines '
               f'have more than {words} words; {LONG_LINES:.0%} are allowed')
    if wide > WIDE_LINES:
        yield (f'{longest(shapes, "chars")}: the widest of {name}, where {wide:.2%} of lines '
               f'have more than {chars} characters; {WIDE_LINES:.0%} are allowed')
    if parallel > PARALLEL:
        most = max(shapes, key=lambda s: len(s.parallel))
        yield (f'{most.name}:{most.parallel[0]}: of the module with most parallel assignments of {name}, '
               f'where {parallel:.2f} of 100 statements are some; {PARALLEL} are allowed')


def module_faults(shape, package_words):
    "Is a module too big? Sentences"
    words = total([shape])
    if words > MODULE_WORDS:
        yield f'{shape.name}:1: {words:,} words; {MODULE_WORDS:,} are allowed in a module'
    if shape.name.startswith(PACKAGE) and words > MODULE_SHARE*package_words:
        yield (f'{shape.name}:1: {words/package_words:.1%} of the words of {PACKAGE}; '
               f'{MODULE_SHARE:.0%} are allowed in a module')


def sum_faults(name, shapes, limit):
    "Are several modules too big together? Sentences"
    words = total(shapes)
    if words > limit:
        biggest = max(shapes, key=lambda s: total([s]))
        yield (f'{biggest.name}:1: the biggest of {name}, which has {words:,} words; '
               f'{limit:,} are allowed')


def package_faults(shapes):
    "Is the package too big, its core, a module? Sentences"
    core = [s for s in shapes if Path(s.name).stem in CORE]
    for shape in shapes: yield from module_faults(shape, total(shapes))
    yield from sum_faults('the core', core, CORE_WORDS)
    yield from sum_faults('the package', shapes, PACKAGE_WORDS)


def show(shape):
    "Print one module's figures and its worst lines"
    long, wide, parallel = rates([shape])
    words, chars = counts.LINE_WORDS[0], counts.LINE_CHARS[0]
    print(f'{shape.name}: {total([shape]):,} words; {long:.1%} of lines over {words} words, '
          f'{wide:.1%} over {chars} characters; '
          f'{parallel:.1f} parallel assignments in 100 statements')
    for row, n in sorted(shape.words.items(), key=lambda line: -line[1])[:WORST]:
        line = shape.lines[row-1].strip()
        print(f'  {row:4}: {n:2} words, {shape.chars[row]:3} characters: {line[:70]}')


def faults(groups):
    "All that is above a limit, from group name -> shapes: sentences"
    for name, shapes in groups.items():
        yield from (f'{s.name}:{row}: {said}' for s in shapes for row, said in s.faults)
        yield from rate_faults(name, shapes)
        if name == PACKAGE: yield from package_faults(shapes)
        else: yield from (said for s in shapes for said in module_faults(s, math.inf))


# All of it

def texts_of(folder):
    "Path -> text of each Python file, without the index of nbdev"
    paths = [p for p in sorted(Path(folder).rglob('*.py')) if p.name != '_modidx.py']
    return {p.as_posix(): p.read_text(encoding='utf-8') for p in paths}


def shapes_of(texts):
    "Measure each text; tests may be nested deeper"
    return [counts.measure(name, text, TEST_NESTING if name.startswith('tests') else counts.NESTING)
            for name, text in texts.items()]


def main(paths):
    "Print all figures, then all faults; how many there are"
    groups = {p: shapes_of({p: Path(p).read_text(encoding='utf-8')}) for p in paths}
    if not paths: groups = {folder: shapes_of(texts_of(folder)) for folder in FOLDERS}
    for shapes in groups.values():
        for shape in shapes: show(shape)

    found = list(faults(groups))
    if not paths:
        rooms = rooms_of(texts_of(PACKAGE), PACKAGE)
        between = *import_faults(rooms, PACKAGE), *name_faults(rooms)
        found += [f'{path}:{row}: {said}' for path, row, said in between]
    for said in found: print(f'! {said}')
    for name, shapes in groups.items(): print(f'{name}: {total(shapes):,} words')
    print(f'{len(found)} above the limits' if found else 'all within the limits')
    return len(found)


if __name__ == '__main__': sys.exit(min(main(sys.argv[1:]), 1))
