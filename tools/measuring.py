"""What `tools/gpu.py` measures with: a table, memory, looks at the device, graph breaks, the other UNet"""
import resource
import warnings
from contextlib import contextmanager
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode


class Table:
    "Rows, and those that are not what they must be"
    def __init__(self, device):
        gpu = device.type == 'cuda'
        name = torch.cuda.get_device_name(device) if gpu else 'CPU'
        self.about = dict(device=name, torch=torch.__version__)
        self.rows = []
        self.wrong = []

    def add(self, row, value, unit='', must=None):
        self.rows.append(self.about | dict(row=row, value=value, unit=unit))
        print(f'{row}: {value} {unit}', flush=True)
        if must is not None and value != must: self.wrong.append(f'{row} is {value}, and must be {must}')


def wait(device):
    if device.type == 'cuda': torch.cuda.synchronize()


def memory(device):
    "Most memory so far, in MB: of the GPU, or of this process"
    if device.type == 'cuda': return round(torch.cuda.max_memory_allocated(device)/2**20)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/2**10)


def forget_memory(device):
    if device.type == 'cuda': torch.cuda.reset_peak_memory_stats(device)


class Looks(TorchDispatchMode):
    "Counts how often the host wants to know a value of the device, and so waits for it"
    def __init__(self, device):
        super().__init__()
        self.kind = device.type
        self.count = 0

    def __torch_dispatch__(self, op, types, args=(), kwargs=None):
        name = op.overloadpacket.__name__
        here = args and torch.is_tensor(args[0]) and args[0].device.type == self.kind
        self.count += bool(here and name in ('_local_scalar_dense', 'nonzero', 'equal', '_unique2'))
        return op(*args, **kwargs or {})


@contextmanager
def waits(device, found):
    "CUDA's own count of what waits inside: appended to a list"
    if device.type != 'cuda':
        yield
        return
    torch.cuda.set_sync_debug_mode('warn')
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter('always')
            yield
        found.append(sum('synchroniz' in str(w.message) for w in said))
    finally: torch.cuda.set_sync_debug_mode('default')


def breaks(f, *args):
    "Places in which torch.compile leaves the graph"
    torch._dynamo.reset()
    return torch._dynamo.explain(f)(*args).graph_break_count


@contextmanager
def repeatable():
    "The same sums in the same order each time"
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.deterministic = True
    try: yield
    finally:
        torch.use_deterministic_algorithms(False)
        torch.backends.cudnn.deterministic = False


def same(a, b):
    "Have two models the same weights, to the last bit?"
    pairs = zip(a.state_dict().values(), b.state_dict().values())
    return all(torch.equal(v, w) for v, w in pairs)


def parameters(net): return sum(p.numel() for p in net.parameters())


class Theirs(nn.Module):
    "UNet2DModel of diffusers, called as ours is"
    classes = 10

    def __init__(self, width, blocks):
        super().__init__()
        from diffusers import UNet2DModel
        kinds = dict(down_block_types=('DownBlock2D',)*2, up_block_types=('UpBlock2D',)*2)
        self.net = UNet2DModel(
            sample_size=28, in_channels=1, out_channels=1, block_out_channels=(width, 2*width),
            layers_per_block=blocks, norm_num_groups=8, num_class_embeds=11, **kinds)

    def forward(self, x, c, y=None):
        labels = torch.zeros_like(c).long() if y is None else y+1
        return self.net(x, c, class_labels=labels).sample
