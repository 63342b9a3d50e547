#!/usr/bin/env bash
# ipykernel 7.4.0 (with jupyter_client 8.10.0). A handler for Ctrl-C that a notebook cell sets with signal.signal lasts
# until the end of that cell only: around every message the kernel sets SIGINT to Python's own handler first and puts
# back what was there before, so the next cell starts with KeyboardInterrupt again. A handler for SIGTERM set in the
# same cell stays. So code that sets its handlers once (in a class's __init__, say, or a first cell) works as a script
# and quietly has no Ctrl-C in a notebook; set it in the same call that does the long work, and take it back there.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'ipykernel==7.4.0' 'jupyter_client==8.10.0'
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version
from jupyter_client.manager import start_new_kernel

print('ipykernel', version('ipykernel'), ' jupyter_client', version('jupyter_client'))
manager, client = start_new_kernel(kernel_name='python3')
CELLS = (
    'import signal\n'
    'def mine(*_): pass\n'
    'for s in (signal.SIGINT, signal.SIGTERM): signal.signal(s, mine)\n'
    'print(*(signal.getsignal(s) is mine for s in (signal.SIGINT, signal.SIGTERM)))',
    'print(*(signal.getsignal(s) is mine for s in (signal.SIGINT, signal.SIGTERM)))')


def printed(code):
    "What a cell prints"
    said = []
    client.execute_interactive(code, timeout=60, output_hook=said.append)
    return ''.join(m['content'].get('text', '') for m in said if m['msg_type'] == 'stream').strip()


try: first, second = map(printed, CELLS)
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
print('handlers of mine for SIGINT, SIGTERM in the cell that sets them:', first)
print('and in the next cell:                                           ', second)
assert first == 'True True' and second == 'False True', 'CHANGED'
print('as described')
PY
