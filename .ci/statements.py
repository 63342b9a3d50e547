"Count the package's Python statements (docstrings are free, a def is one) and fail above the budget"
import ast, sys
from pathlib import Path

BUDGETS = {'schedules, denoiser, samplers, solvers, guidance': 500, 'the whole package': 2000}

def statements(path):
    "Statements of a file, less docstrings and other bare constants"
    nodes = ast.walk(ast.parse(path.read_text()))
    return sum(isinstance(n, ast.stmt) and not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)) for n in nodes)

counts = {p.stem: statements(p) for p in sorted(Path('miniddpm').glob('*.py')) if p.stem != '_modidx'}
core = sum(counts.get(name, 0) for name in ('schedules', 'denoiser', 'samplers', 'solvers', 'guidance'))
print('statements:', ', '.join(f'{k} {v}' for k, v in counts.items()))
over = False
for (name, budget), n in zip(BUDGETS.items(), (core, sum(counts.values()))):
    print(f'{name}: {n} of {budget}')
    over |= n > budget
sys.exit(over)
