"""nbs/91_glossary.ipynb from the pages: the field's terms, each with the sentence that explains it.

    python tools/glossary.py [--check]

A page marks a term where it explains it: plain words (**term**)."""
import re
import sys
from pathlib import Path
import nbformat
from pages import PATH

GLOSSARY = Path('nbs/91_glossary.ipynb')
TERM = re.compile(r'\(\*\*([^*]+)\*\*[^()]*\)')
HEADING = re.compile(r'^#+\s+(.+)$', re.M)
SENTENCE = re.compile(r'(?<=[.!?])\s+|\n\s*\n|\n\s*[-*\d]+\.?\s+|\s*\|\s*') # or a cell of a table
HEAD = (
    "# Glossary\n\nThe field's words, and the page that explains each of them in plain ones. "
    'It is made from the pages themselves: wherever a plain word is followed by a term in brackets, '
    'that sentence comes here.')


def marks(text):
    "(term, sentence) for each term that a text explains"
    for sentence in SENTENCE.split(text):
        said = ' '.join(sentence.split()).removeprefix('- ')
        yield from ((term, said) for term in TERM.findall(sentence))


def headings(cells):
    "(heading, text) for each Markdown cell: the heading that it stands below"
    heading = ''
    for cell in cells:
        if cell.cell_type != 'markdown': continue
        parts = HEADING.split(cell.source)
        yield heading, parts[0]
        for heading, text in zip(parts[1::2], parts[2::2]): yield heading, text


def entries(path):
    "(term, sentence, page, heading) for each term of a page"
    cells = nbformat.read(path, as_version=4).cells
    for heading, text in headings(cells):
        for term, sentence in marks(text): yield term, sentence, path.stem, heading


def reading_order(path): return path.stem not in PATH, path.stem


def glossary():
    "Term -> its first entry: the path comes first"
    pages = sorted(Path('nbs').glob('[0-9]*.ipynb'), key=reading_order)
    every = [entry for path in pages if path != GLOSSARY for entry in entries(path)]
    return {entry[0].lower(): entry for entry in reversed(every)}


def line(entry):
    "An entry as a line of Markdown"
    term, sentence, page, heading = entry
    anchor = heading.strip().replace(' ', '-')
    return f'- **{term}**: {sentence} [{page}]({page}.ipynb#{anchor})'


def notebook():
    "The page: a Markdown cell for each letter"
    letters = {}
    for term, entry in sorted(glossary().items()):
        letters.setdefault(term[0].upper(), []).append(line(entry))
    texts = [HEAD] + [f'## {letter}\n\n' + '\n'.join(lines) for letter, lines in letters.items()]
    page = nbformat.v4.new_notebook(metadata=dict(kernelspec=dict(
        display_name='python3', language='python', name='python3')))
    for i, text in enumerate(texts):
        page.cells.append(nbformat.v4.new_markdown_cell(text))
        page.cells[-1]['id'] = f'glossa{i:02}'
    return nbformat.writes(page) + '\n'


if __name__ == '__main__':
    text = notebook()
    if '--check' not in sys.argv: GLOSSARY.write_text(text, encoding='utf-8')
    elif GLOSSARY.read_text(encoding='utf-8') != text:
        sys.exit(f'{GLOSSARY} is not what the pages say: run python tools/glossary.py')
