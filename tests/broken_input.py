"""Give the library damaged and absurd input: `python .ci/fuzz.py --idx 20000 --images 5000 --models 5000 --json 2000 --args 500`
Allowed: to take it, or to refuse it with ValueError or OSError (commands: with exit code 0, 1 or 2), in 5 s and 1 GB."""
import argparse, collections, contextlib, copy, gzip, io, json, os, pickle, random, resource, signal, sys, tempfile, time, warnings
from pathlib import Path
from unittest.mock import patch
import datasets, numpy as np, torch
from fastprogress.fastprogress import progress_bar
from PIL import Image
from safetensors.torch import save
from miniddpm import commands
from miniddpm.commands import draw, load_model, pretrained, save_model, settings_of, train
from miniddpm.data import FILES, Batches, fashion_mnist, read_idx
from miniddpm.metrics import ASSETS
from miniddpm.unet import content_hash, load_weights

ABSURD = (0, -1, 1, 7, 2**31, 2**63, 10**12, 10**30, -10**30, 0.5, -0.5, 1e308, math_nan := float('nan'), float('inf'), None, True, '',
          'x', 'nan', [], [1], [0, 0], {}, {'a': 1}, [[1]], 'é\u0000')
warnings.simplefilter('ignore')
Image.MAX_IMAGE_PIXELS = 50_000_000 # Pillow warns above it and refuses twice as many

class Late(BaseException):
    "More than 5 seconds"

def late(*_): raise Late

def mutated(data, rng): # bytes with a few of them turned, cut, put in, doubled or made large
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 5, 20))):
        at,kind = rng.randrange(len(data) or 1) if rng.random()<0.5 else rng.randrange(min(len(data), 64) or 1),rng.randrange(6)
        if kind==0 and data: data[at] ^= 1 << rng.randrange(8)
        if kind==1 and data: data[at] = rng.choice((0, 1, 127, 128, 255))
        if kind==2: del data[at:]
        if kind==3: data[at:at] = rng.randbytes(rng.choice((1, 4, 100)))
        if kind==4: data[at:at] = data[at:at+rng.choice((1, 8, 1000))]
        if kind==5: data[at:at+4] = rng.choice((b'\xff\xff\xff\xff', b'\x7f\xff\xff\xff', b'\x00\x00\x00\x00', b'\x00\x01\x00\x00'))
    return bytes(data)

def changed(value, rng): # JSON with something in it replaced, left out, or put in
    value = copy.deepcopy(value)
    for _ in range(rng.choice((1, 1, 2, 4))):
        places,stack = [],[value]
        while stack:
            at = stack.pop()
            keys = list(at) if isinstance(at, dict) else range(len(at)) if isinstance(at, list) else ()
            places += [(at, k) for k in keys]
            stack += [at[k] for k in keys if isinstance(at[k], (dict, list))]
        if not places: return rng.choice(ABSURD)
        at,key = rng.choice(places)
        kind = rng.randrange(5)
        if kind==0: del at[key]
        elif kind==1 and isinstance(at, dict): at[rng.choice(('', 'x', 'self', '__class__'))] = rng.choice(ABSURD)
        elif kind==2 and isinstance(at[key], (int, float)): at[key] = at[key]*rng.choice((-1, 2, 10**9, 0.5))
        else: at[key] = copy.deepcopy(rng.choice(ABSURD))
    return value

def fuzz(name, n, cases, exits=False): # `cases` yields functions; each is called under the limits
    if not n: return
    found,slowest,before = collections.Counter(),0.,resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    signal.signal(signal.SIGALRM, late)
    for i,(case,about) in zip(progress_bar(range(n)) if sys.stdout.isatty() else range(n), cases):
        start = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, 5)
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()): case()
            found['taken'] += 1
        except (ValueError, OSError) as e:
            assert not exits, f'{name} {i}: a traceback of {e!r}; {about()}'
            found[type(e).__name__] += 1
        except SystemExit as e:
            assert exits and (e.code in (0, 1, 2) or isinstance(e.code, str)), f'{name} {i}: {e!r}; {about()}'
            found['exit'] += 1
        except BaseException as e: raise AssertionError(f'{name} {i}: {e!r}; {about()}') from e
        finally: signal.setitimer(signal.ITIMER_REAL, 0)
        slowest = max(slowest, time.perf_counter()-start)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss-before)/1024
    print(f'{name}: {n:,} cases, {dict(found)}; slowest {slowest:.1f} s, {grown:.0f} MB more')
    assert slowest<5 and grown<1024

def idx_cases(rng, top): # real files, cut to a few images so that they are quick
    raw = []
    for name in sum(FILES.values(), ()):
        data = gzip.decompress(next(Path(ASSETS).glob(name+'*.gz')).read_bytes()) if list(Path(ASSETS).glob(name+'*.gz')) \
            else read_asset(name)
        dims = data[3]
        size = int(np.prod([int.from_bytes(data[8+4*d:12+4*d], 'big') for d in range(dims-1)] or [1]))
        raw.append(data[:4] + (20).to_bytes(4, 'big') + data[8:4+4*dims] + data[4+4*dims:4+4*dims+20*size])
    while True:
        data,packed = rng.choice(raw),rng.random()<0.3
        if packed: data = mutated(gzip.compress(mutated(data, rng) if rng.random()<0.5 else data, 1), rng) if rng.random()<0.7 \
            else gzip.compress(mutated(data, rng), 1)
        else: data = mutated(data, rng)
        path = top/('case.gz' if packed else 'case')
        def case(path=path, data=data):
            path.write_bytes(data)
            read_idx(path)
        yield case,lambda data=data: data[:200]

def read_asset(name): # uncompressed bytes of the sample's file, whatever it is packed with
    import lzma
    path = next(Path(ASSETS).glob(name+'*'))
    return lzma.decompress(path.read_bytes()) if path.suffix=='.xz' else path.read_bytes()

def image_cases(rng, top):
    base,files = Image.fromarray(np.random.default_rng(0).integers(0, 256, (20, 28, 3), dtype=np.uint8)),[]
    for mode in ('1', 'L', 'LA', 'P', 'RGB', 'RGBA', 'CMYK', 'I', 'I;16', 'F'):
        im = Image.fromarray(np.random.default_rng(0).integers(0, 65536, (20, 28), dtype=np.uint16)) if mode=='I;16' else base.convert(mode)
        for kind in ('PNG', 'JPEG', 'GIF', 'BMP', 'PPM', 'TIFF', 'WEBP'):
            out = io.BytesIO()
            with contextlib.suppress(OSError, ValueError, KeyError):
                im.save(out, kind)
                files.append(out.getvalue())
    files.append(b'P5 5 5 255\n' + bytes(25))
    features = datasets.Features(image=datasets.Image(), label=datasets.Value('int64'))
    while True:
        some = [rng.choice(files) for _ in range(rng.choice((1, 1, 2, 3)))]
        some = [mutated(f, rng) if rng.random()<0.8 else f for f in some]
        if rng.random()<0.05: some[0] = None
        args = dict(size=rng.choice((None, 16, 28, 0, -3)), channels=rng.choice((None, 1, 3, 2, 0)), bs=rng.choice((1, 4, 0, 10**12)))
        args = args if rng.random()<0.3 else dict(size=rng.choice((None, 16)), bs=4)
        labels = [rng.choice((0, 3, -1, 2**40)) for _ in some]
        def case(some=some, args=args, labels=labels):
            rows = {'image': [b and {'bytes': b, 'path': None} for b in some], 'label': labels}
            for x,y in Batches(datasets.Dataset.from_dict(rows, features), device='cpu', **args):
                assert x.ndim==4 and x.isfinite().all() and -1<=x.min() and x.max()<=1
        yield case,lambda some=some, args=args: (args, [b and b[:100] for b in some])

def model_cases(rng, top):
    save_model(pretrained('first_model', 'cpu'), top/'good.safetensors')
    good = (top/'good.safetensors').read_bytes()
    tensors,settings = load_weights(top/'good.safetensors')
    header = 8 + int.from_bytes(good[:8], 'little')
    while True:
        kind = rng.randrange(5)
        if kind==0: data = mutated(good, rng)
        elif kind==1: data = good[:8] + mutated(good[8:header], rng) + good[header:]
        else: # with the right hash, or none, so that what is behind it is met
            ts,text = dict(tensors),json.dumps(changed(settings, rng) if kind==2 or rng.random()<0.3 else settings)
            if kind==3:
                for k in rng.sample(list(ts), rng.choice((1, 1, 5))):
                    ts[k] = rng.choice((ts[k].flatten(), ts[k].half(), ts[k].long(), ts[k][:0], torch.full_like(ts[k], math_nan), ts[k].double()))
            if kind==4:
                text = rng.choice((text, '['*100_000, '{"unet":'*3000, '', 'null', '1e999', '\ud800', text[:50]))
                ts = {rng.choice((k, k+'x')) if rng.random()<0.01 else k:v for k,v in ts.items() if rng.random()>0.01}
            text = text.encode('utf8', 'replace').decode()
            about = {'settings': text} | ({'sha256': content_hash(ts, text)} if rng.random()<0.8 else {})
            data = save(ts, metadata=about)
        def case(data=data):
            (top/'case.safetensors').write_bytes(data)
            load_model(top/'case.safetensors', 'cpu')
        yield case,lambda data=data: data[8:800]

def a_run(top): # the folder of a run, with nothing but its settings
    if not (top/'run').exists():
        with patch.object(commands, 'train_run'), contextlib.redirect_stdout(io.StringIO()): train(['--out', str(top/'run'), '--steps', '3'])
    return top/'run'

def json_cases(rng, top):
    run = a_run(top)
    good = json.loads((run/'settings.json').read_text())
    while True:
        text = json.dumps(changed(good, rng)).encode()
        if rng.random()<0.3: text = mutated(text, rng)
        if rng.random()<0.01: text = rng.choice((b'['*100_000, b'', b'null', b'\xff\xfe', b'{"a":'*50_000))
        def case(text=text):
            (run/'settings.json').write_bytes(text)
            with patch.object(commands, 'train_run'), patch.object(commands, 'fashion_mnist', lambda path: {'train': None}):
                try: s = settings_of(run/'settings.json')
                except ValueError as e: refused = True
                else: # what is taken, a network can be made of
                    refused = False
                    with torch.device('meta'): commands.first_model(device='meta', **s['model'])
                try: train(['--resume', str(run)])
                except SystemExit as e:
                    assert refused and e.code==2, (e.code, refused)
                    raise
        yield case,lambda text=text: text[:500]

def arg_cases(rng, top):
    run = a_run(top)
    save_model(pretrained('first_model', 'cpu'), top/'model.safetensors')
    values = ('0', '-1', '1', '3', 'nan', 'inf', '-inf', '1e400', '1'+'0'*30, '', ' ', 'é', 'small', 'cosine', 'none', '/', '--steps', '٣', '0x10', '1_0')
    images = torch.zeros(1, 1, 28, 28)
    while True:
        command,options = rng.choice(((train, list(commands.TRAIN)), (draw, [k.lstrip('-') for k in commands.DRAW])))
        words = []
        for _ in range(rng.choice((0, 1, 1, 2, 3, 6))):
            words.append('--'+rng.choice(options) if rng.random()<0.9 else rng.choice(values))
            if rng.random()<0.85: words.append(rng.choice((*values, str(run), str(top/'model.safetensors'), str(top/'none'))))
        if command is train: words += ['--out', str(top/'run2')] if rng.random()<0.8 else []
        else: words = ([str(top/'model.safetensors')] if rng.random()<0.7 else []) + words + ['--out', str(top/'out.png')]*(rng.random()<0.9)
        def case(command=command, words=words):
            with (patch.object(commands, 'train_run'), patch.object(commands, 'generate', lambda *a, **kw: images),
                  patch.object(commands, 'steps_for', lambda *a: 2), contextlib.chdir(top),
                  patch.object(commands, 'fashion_mnist', lambda path: {'train': None})): command(words)
        yield case,lambda words=words: words

class Payload: # what a pickle would run
    def __init__(self, path): self.path = path
    def __reduce__(self): return open,(str(self.path), 'w')

def pickles(top): # are refused, not opened, however they are named
    mark = top/'was_run'
    blob = pickle.dumps(Payload(mark))
    pickle.loads(blob).close() # the payload works
    mark.unlink()
    out = io.BytesIO()
    torch.save({'x': Payload(mark)}, out)
    tried = 0
    for data in (blob, out.getvalue()):
        for name,read in (('m.safetensors', lambda p: load_model(p, 'cpu')), ('m.pt', lambda p: load_model(p, 'cpu')),
                          ('m.pkl', load_weights), ('train-images-idx3-ubyte', read_idx), ('x.gz', read_idx), ('settings.json', settings_of)):
            (top/name).write_bytes(data)
            try: read(top/name)
            except ValueError: tried += 1
            else: raise AssertionError(f'a pickle named {name} was taken')
        rows = {'image': [{'bytes': data, 'path': None}]}
        try: Batches(datasets.Dataset.from_dict(rows, datasets.Features(image=datasets.Image())))
        except ValueError: tried += 1
        else: raise AssertionError('a pickle was taken for an image')
    assert not mark.exists(), 'a pickle was run'
    print(f'pickles: {tried} of {tried} refused, none was run')

if __name__ == '__main__':
    p = argparse.ArgumentParser(description=__doc__)
    for name,n in dict(idx=1000, images=300, models=200, json=150, args=100).items(): p.add_argument(f'--{name}', type=int, default=n)
    p.add_argument('--seed', type=int, default=0)
    args = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        top,rng = Path(folder),random.Random(args.seed)
        pickles(top)
        fuzz('IDX files', args.idx, idx_cases(rng, top))
        fuzz('images', args.images, image_cases(rng, top))
        fuzz('model files', args.models, model_cases(rng, top))
        fuzz('settings', args.json, json_cases(rng, top), exits=True)
        fuzz('commands', args.args, arg_cases(rng, top), exits=True)
