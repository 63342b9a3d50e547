"""Break runs on purpose and see that each ends as it should: `python .ci/faults.py --kills 50 --flips 1000 --stops 6`
Kills runs at random moments and resumes them, damages checkpoints, plants NaN, fills a disk, sends signals."""
import argparse, contextlib, hashlib, io, math, os, random, signal, subprocess, sys, tempfile, time, warnings
from pathlib import Path
from unittest.mock import patch
import torch
from fastprogress.fastprogress import progress_bar
from miniddpm import commands
from miniddpm.commands import SIZES, first_model
from miniddpm.data import Batches
from miniddpm.denoiser import Denoiser, edm_target
from miniddpm.learner import EMA, Callback, Checkpoint, ClipGrad, Faults, Learner, Muon, Recorder, set_seed
from miniddpm.schedules import lognormal
from miniddpm.unet import UNet, load_weights, save_weights

STEPS,EVERY = 120,10 # of the runs that are killed: steps, and steps between checkpoints
IMAGES = (torch.randint(256, (100, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)), None)

class Each(Checkpoint):
    "A checkpoint every `EVERY` steps, so that a kill often falls into one"
    def before_step(self, learn):
        if learn.step%EVERY==0: self.save(learn)

def learner(*callbacks, batches=None, **args): # a small run, always the same
    set_seed(0)
    batches = batches or Batches(IMAGES, bs=16, device='cpu')
    model = Denoiser(UNet(widths=(16, 32), patch=2), edm_target, lognormal)
    return Learner(model, batches, lambda model,x,y: model.loss(x), opt=Muon, callbacks=[EMA(), ClipGrad(), Recorder(), *callbacks],
                   **args)

def train(folder, steps=STEPS): # or go on where the checkpoint is
    with contextlib.redirect_stdout(io.StringIO()): return learner(Each(folder/'run.safetensors', resume=True)).fit(steps=steps)

def content(folder): # of the last checkpoint, but the clock
    tensors,s = load_weights(folder/'run.safetensors', hashed=True)
    sha = hashlib.sha256()
    for k in sorted(tensors):
        if k!='recorder.seconds': sha.update(k.encode() + tensors[k].numpy().tobytes())
    return sha.hexdigest(),s['step'],s['random'],s['epoch'],s['images']

def child(work): # run it in a process of its own, a copy of this one
    pid = os.fork()
    if pid: return pid
    try: work()
    except BaseException as e:
        print(repr(e), file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)

def kills(n): # SIGKILL at random moments, up to four times a run
    rng = random.Random(0)
    with tempfile.TemporaryDirectory() as top:
        whole = Path(top, 'whole')
        start = time.perf_counter()
        os.waitpid(child(lambda: train(whole)), 0)
        seconds,wanted = time.perf_counter()-start,content(whole)
        assert wanted[1]==STEPS
        killed = saving = 0
        for i in progress_bar(range(n)) if sys.stdout.isatty() else range(n):
            run = Path(top, f'run{i}')
            for _ in range(4):
                pid = child(lambda: train(run))
                if rng.random()<0.5: time.sleep(rng.uniform(0, seconds))
                else: # in the middle of a checkpoint, if one comes
                    end = time.perf_counter()+rng.uniform(0.2, 1)*seconds
                    time.sleep(rng.uniform(0, 0.6)*seconds)
                    while time.perf_counter()<end and not list(run.glob('.*.part')): time.sleep(1e-4)
                saving += bool(list(run.glob('.*.part')))
                os.kill(pid, signal.SIGKILL)
                killed += os.waitpid(pid, 0)[1]==signal.SIGKILL
                if run.exists() and (run/'run.safetensors').exists(): content(run) # whole, or an error
            done = (run/'run.safetensors').exists() and content(run)[1]
            assert os.waitpid(child(lambda: train(run)), 0)[1]==0 and content(run)==wanted, f'run {i} is another run'
            assert not list(run.glob('.*.part')), 'half a file was left behind'
        print(f'killed: {n} runs, {killed} times ({saving} while a checkpoint was written); all the same bit for bit')
    assert killed>=n

def lost(n): # a run killed after a known step goes on from the checkpoint before that step
    with tempfile.TemporaryDirectory() as top:
        for i in range(n):
            run,seen = Path(top, f'run{i}'),Path(top, f'seen{i}')
            class Die(Callback):
                def after_step(self, learn):
                    if learn.step==37+i: os.kill(os.getpid(), signal.SIGKILL)
            os.waitpid(child(lambda: learner(Each(run/'run.safetensors'), Die()).fit(steps=STEPS)), 0)
            step = content(run)[1]
            assert 0 <= 37+i-step <= EVERY, f'killed at {37+i}, and only {step} was kept'
        print(f'lost by a kill: never more than the {EVERY} steps between checkpoints ({n} runs)')

def flips(n): # damaged files: bits turned, cut off, zeros
    rng,kinds = random.Random(0),dict(bit=0, cut=0, zeros=0)
    with tempfile.TemporaryDirectory() as top:
        train(Path(top), steps=25)
        path = Path(top, 'run.safetensors')
        good,steps = path.read_bytes(),{}
        for older in ('run.1.safetensors',): steps[older] = load_weights(Path(top, older), hashed=True)[1]['step']
        before = Path(top, 'run.1.safetensors').read_bytes()
        header = 8 + int.from_bytes(good[:8], 'little')
        for i in progress_bar(range(n)) if sys.stdout.isatty() else range(n):
            kind,bad = rng.choices(list(kinds), (6, 2, 2))[0],bytearray(good)
            place = rng.randrange(header) if rng.random()<0.3 else rng.randrange(len(good)) # a third of them in the header
            if kind=='bit': bad[place] ^= 1 << rng.randrange(8)
            if kind=='cut': bad = bad[:place]
            if kind=='zeros': bad[place:place+4096] = bytes(len(bad[place:place+4096]))
            if bad==good: bad[place] ^= 255 # there were zeros already
            kinds[kind] += 1
            path.write_bytes(bad)
            Path(top, 'run.1.safetensors').write_bytes(before)
            learn = learner()
            with warnings.catch_warnings(record=True) as said, contextlib.redirect_stdout(io.StringIO()):
                warnings.simplefilter('always')
                learn.callbacks.append(Checkpoint(path, resume=True))
                learn.minutes,learn.steps = None,25
                learn('before_fit')
            assert any('checkpoint before it' in str(w.message) for w in said), f'{kind} at byte {place} was not noticed'
            assert learn.step==steps['run.1.safetensors'], 'not the checkpoint before it'
        print(f'damaged: {n} of {n} checkpoints recognised, the one before used: {kinds}')

def nans(): # in the data, in the loss, in the gradient alone
    def images(bad): # the third batch of an epoch holds a NaN
        x = torch.linspace(-1, 1, 16*64).reshape(16, 1, 8, 8)
        return [(torch.full_like(x, math.nan) if bad and i==2 else x, None) for i in range(6)]
    def distance(model, x, y): # no slope where it is 0: a number, with a gradient that is none
        return model.loss(x) + 0*(next(model.parameters())*0).sum().abs().sqrt()
    def sometimes(loss, other): # `other` in the third step
        count = iter(range(10**9))
        return lambda model,x,y: other(model, x, y) if next(count)==2 else loss(model, x, y)
    plain = lambda model,x,y: model.loss(x)
    cases = dict(data=(images(True), plain), loss=(images(False), sometimes(plain, lambda m,x,y: m.loss(x)*math.nan)),
                 infinite=(images(False), sometimes(plain, lambda m,x,y: m.loss(x)*math.inf)),
                 gradient=(images(False), sometimes(plain, distance)))
    done = 0
    for name,(batches,loss) in cases.items():
        for action in ('stop', 'skip', 'halve'):
            if name!='data': loss = sometimes(plain, {'loss':lambda m,x,y: m.loss(x)*math.nan, 'infinite':lambda m,x,y: m.loss(x)*math.inf,
                                                      'gradient':distance}[name])
            with tempfile.TemporaryDirectory() as top, warnings.catch_warnings(record=True) as said:
                warnings.simplefilter('always')
                path = Path(top, 'run.safetensors')
                with contextlib.redirect_stdout(io.StringIO()):
                    learn = learner(Checkpoint(path, every=0), Faults(action, top), batches=batches)
                learn.loss_func = learn.forward.loss = loss
                error = ''
                try: learn.fit(steps=5)
                except FloatingPointError as e: error = str(e)
                file, = Path(top).glob('fault_*')
                tensors,s = load_weights(file, hashed=True)
                assert s['step']==2 and tensors['batch.0'].shape==(16, 1, 8, 8) and tensors['given.1'].numel()==16, sorted(tensors)
                assert (learn.step, bool(error), bool(said)) == ((2, True, False) if action=='stop' else (5, False, True)), (name, action)
                assert learn.lr == (1.5e-3 if action=='halve' else 3e-3)
                assert all(p.isfinite().all() for p in learn.averaged.parameters())
                assert load_weights(path, hashed=True)[1]['step']==learn.step # the last checkpoint is whole
                done += 1
    learn = learner(Faults('skip', tempfile.mkdtemp()), batches=[(torch.full((16, 1, 8, 8), math.nan), None)])
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        try: learn.fit(steps=5)
        except FloatingPointError as e: assert '10 in a row' in str(e)
        else: raise AssertionError('nothing but NaN, and no end')
    print(f'no numbers: {done} of {done} end as asked, batch and levels kept')

def disk(): # full, not writable, and data that fail in the middle
    def failing(error): # a writer that fails half way
        def write(self, n=[0]): raise error
        return write
    done = 0
    with tempfile.TemporaryDirectory() as top:
        path = Path(top, 'run.safetensors')
        with contextlib.redirect_stdout(io.StringIO()): learner(Checkpoint(path)).fit(steps=3)
        kept = path.read_bytes()
        for error in (OSError(28, 'No space left on device'), PermissionError(13, 'Permission denied')):
            with patch('miniddpm.data.os.fsync', side_effect=error):
                try: learner(Checkpoint(path, every=0)).fit(steps=3)
                except OSError as e: assert 'is whole' in str(e) and error.strerror in str(e)
                else: raise AssertionError('nobody noticed')
            assert path.read_bytes()==kept and not list(Path(top).glob('.*')), 'the last checkpoint was harmed'
            done += 1
        def source():
            yield from list(Batches(IMAGES, bs=16, device='cpu'))[:2]
            raise OSError('the network drive went away')
        try: learner(Checkpoint(path.with_name('other.safetensors'), every=0), batches=source()).fit(steps=5)
        except RuntimeError as e: assert 'network drive' in str(e) and 'after step 2' in str(e)
        else: raise AssertionError('nobody noticed')
        assert load_weights(path.with_name('other.safetensors'), hashed=True)[1]['step']==1
        done += 1
        small = Path(top, 'small')
        small.mkdir()
        if os.geteuid()==0 and subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=300k', 'tmpfs', small], capture_output=True).returncode==0:
            try:
                words = [sys.executable, '-c', 'from miniddpm.faster import train; train()', '--out', small/'run', '--size', 'small',
                         '--steps', '2', '--bs', '4', '--score', '0', '--calls', '2']
                out = subprocess.run(words, capture_output=True, text=True)
                assert out.returncode==1 and 'Traceback' not in out.stderr and 'checkpoint' in out.stderr, out.stderr[-2000:]
                print('  ', out.stderr.splitlines()[-1].replace(top, 'folder'))
                done += 1
            finally: subprocess.run(['umount', small], check=True)
    print(f'disk and data: {done} of {done} stop with a message, the last checkpoint whole')

def stops(n): # what a cluster and a keyboard send, to the real command
    for i in range(n):
        with tempfile.TemporaryDirectory() as top:
            kind = (signal.SIGTERM, signal.SIGINT)[i%2]
            code = 'import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from miniddpm.faster import train; train()'
            words = [sys.executable, '-u', '-c', code, '--out', f'{top}/run', '--size', 'small', '--minutes', '5', '--bs', '8',
                     '--score', '0', '--calls', '2']
            run = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            for line in run.stdout:
                if 'parameters' in line: break
            time.sleep(2+i/2)
            run.send_signal(kind)
            said = run.stdout.read()
            assert run.wait(60)==(143 if kind==signal.SIGTERM else 0) and 'Traceback' not in said and 'Stopped at step' in said, said
            step = load_weights(Path(top, 'run/checkpoint.safetensors'), hashed=True)[1]['step']
            assert step>0 and f'Stopped at step {step};' in said
    print(f'signals: {n} of {n} commands end after a checkpoint')

def overhead(): # of checkpoints at their default interval
    for size in ('medium', 'huge'):
        with tempfile.TemporaryDirectory() as top:
            batches = Batches((torch.randint(256, (64, 1, 28, 28), dtype=torch.uint8), torch.randint(10, (64,))), bs=8, device='cpu')
            checkpoint = Checkpoint(Path(top, 'run.safetensors'))
            learn = Learner(first_model(device='cpu', **SIZES[size]), batches, lambda model,x,y: model.loss(x, y), opt=Muon,
                            callbacks=[EMA(), ClipGrad(), Recorder(), checkpoint]).fit(steps=2)
            recorder = learn.find(Recorder)
            for name,values in vars(recorder).items(): setattr(recorder, name, values*10_000) # as after 20,000 steps
            times = []
            for _ in range(5):
                start = time.perf_counter()
                checkpoint.save(learn)
                times.append(time.perf_counter()-start)
            share = sorted(times)[2]/checkpoint.every
            print(f'a checkpoint of {size} ({checkpoint.path.stat().st_size/2**20:.0f} MB): {sorted(times)[2]:.2f} s, {share:.2%} of the time')
            assert share<0.02

if __name__ == '__main__':
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument('--kills', type=int, default=2, help='runs to kill, up to four times each')
    p.add_argument('--flips', type=int, default=60, help='checkpoints to damage')
    p.add_argument('--stops', type=int, default=2, help='commands to stop by a signal')
    args = p.parse_args()
    torch.set_num_threads(1) # before anything is computed: children are copies of this process
    if args.kills: kills(args.kills)
    if args.kills: lost(min(args.kills, 5))
    flips(args.flips)
    nans()
    disk()
    overhead()
    stops(args.stops)
