"""Change bytes and JSON at random, and call functions with the result under limits of time and memory"""
import collections
import contextlib
import copy
import io
import resource
import signal
import sys
import time
from fastprogress.fastprogress import progress_bar

SECONDS = 5 # of the processor, whatever else runs
MEGABYTES = 1024
NAN = float('nan')
WHOLE = 0, -1, 1, 7, 2**31, 2**63, 10**12, 10**30, -10**30
BROKEN = 0.5, -0.5, 1e308, NAN, float('inf')
TEXTS = '', 'x', 'nan', 'é\u0000'
NESTED = [], [1], [0, 0], {}, {'a': 1}, [[1]]
ABSURD = *WHOLE, *BROKEN, *TEXTS, *NESTED, None, True
WORDS = b'\xff\xff\xff\xff', b'\x7f\xff\xff\xff', b'\x00\x00\x00\x00', b'\x00\x01\x00\x00'


# Changes

def turn(data, at, rng):
    if data: data[at] ^= 1 << rng.randrange(8)


def put(data, at, rng):
    if data: data[at] = rng.choice((0, 1, 127, 128, 255))


def cut(data, at, rng): del data[at:]


def insert(data, at, rng): data[at:at] = rng.randbytes(rng.choice((1, 4, 100)))


def double(data, at, rng): data[at:at] = data[at:at+rng.choice((1, 8, 1000))]


def enlarge(data, at, rng): data[at:at+4] = rng.choice(WORDS)


def mutated(data, rng):
    "Bytes with a few of them turned, cut, put in, doubled or made large, often near the start"
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 5, 20))):
        most = len(data) if rng.random() < 0.5 else min(len(data), 64)
        at = rng.randrange(most or 1)
        rng.choice((turn, put, cut, insert, double, enlarge))(data, at, rng)
    return bytes(data)


def places_in(value):
    "All (dict or list, key) in JSON"
    if not isinstance(value, (dict, list)): return []
    keys = list(value) if isinstance(value, dict) else range(len(value))
    return [(value, k) for k in keys] + [place for k in keys for place in places_in(value[k])]


def change_at(here, key, rng):
    "Leave out, put in, multiply or replace one value"
    kind = rng.randrange(5)
    number = isinstance(here[key], (int, float))
    if kind == 0: del here[key]
    elif kind == 1 and isinstance(here, dict):
        here[rng.choice(('', 'x', 'self', '__class__'))] = rng.choice(ABSURD)
    elif kind == 2 and number: here[key] = here[key]*rng.choice((-1, 2, 10**9, 0.5))
    else: here[key] = copy.deepcopy(rng.choice(ABSURD))


def changed(value, rng):
    "JSON with something in it replaced, left out, or put in"
    value = copy.deepcopy(value)
    for _ in range(rng.choice((1, 1, 2, 4))):
        places = places_in(value)
        if not places: return rng.choice(ABSURD)
        change_at(*rng.choice(places), rng)
    return value


# Limits

class Late(BaseException):
    "More time than is allowed"


def late(*_): raise Late


@contextlib.contextmanager
def silence():
    "Nothing is printed inside"
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()): yield


def outcome(case, exits):
    "How a call ended; an error for an end that is not allowed"
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        with silence(): case()
        return 'taken'
    except (ValueError, OSError) as e:
        assert not exits, f'a traceback of {e!r}'
        return type(e).__name__
    except SystemExit as e:
        assert exits and (e.code in (0, 1, 2) or isinstance(e.code, str)), repr(e)
        return 'exit'
    finally: signal.setitimer(signal.ITIMER_PROF, 0)


def fuzz(name, n, cases, exits=False):
    "Call `n` of the cases, which come with a function that tells what they are"
    if not n: return
    signal.signal(signal.SIGPROF, late)
    found = collections.Counter()
    slowest = 0.
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    for i in progress_bar(range(n)) if sys.stdout.isatty() else range(n):
        case, about = next(cases)
        start = time.process_time()
        try: found[outcome(case, exits)] += 1
        except BaseException as e: raise AssertionError(f'{name} {i}: {e!r}; {about()}') from e
        slowest = max(slowest, time.process_time()-start)

    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss-before)/1024
    print(f'{name}: {n:,} cases, {dict(found)}; slowest {slowest:.1f} s, {grown:.0f} MB more')
    assert slowest < SECONDS and grown < MEGABYTES
