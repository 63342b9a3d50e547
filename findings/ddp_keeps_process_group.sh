#!/usr/bin/env bash
# torch 2.14.1. destroy_process_group() is the documented end of a process group, and where nothing else was done
# it is: gloo's threads are gone once the last name for the group is deleted. After DistributedDataParallel has been
# made once, they are not: even with the module deleted, garbage collected, and the group destroyed,
# the threads (pt_gloo_runloop, gloo_tcp_loop) live until the process ends.
# So a program that joins and leaves process groups gathers threads, and a thread of gloo can still be at work
# while the interpreter shuts down.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q 'torch==2.14.1' numpy
cat > "$folder/two.py" <<'PY'
import gc
import glob
import sys
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel


def threads():
    "How many threads of this process are gloo's"
    names = [open(path).read() for path in glob.glob('/proc/self/task/*/comm')]
    return sum('gloo' in name for name in names)


def use_ddp(): DistributedDataParallel(torch.nn.Linear(2, 2)) # made, and at once forgotten


dist.init_process_group('gloo')
main = dist.get_rank() == 0
dist.all_reduce(torch.ones(2))
if sys.argv[1] == 'ddp': use_ddp()
gc.collect()
dist.barrier()
during = threads()
dist.destroy_process_group()
gc.collect()
if main: print(f'{sys.argv[1]}: {during > 0} that gloo has threads before, {threads() > 0} after')
PY
run() { OMP_NUM_THREADS=1 "$folder/venv/bin/python" -m torch.distributed.run --standalone --nproc_per_node=2 "$folder/two.py" "$1" 2> /dev/null; }
"$folder/venv/bin/python" -c 'import torch; print("torch", torch.__version__)'
plain=$(run plain)
ddp=$(run ddp)
printf '%s\n%s\n' "$plain" "$ddp"
[ "$plain" = 'plain: True that gloo has threads before, False after' ] || { echo CHANGED; exit 1; }
[ "$ddp" = 'ddp: True that gloo has threads before, True after' ] || { echo CHANGED; exit 1; }
echo 'as described'
