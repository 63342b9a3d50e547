"""Links the packages that a wheel asks for, and those that they ask for, into another venv.

    python tools/linked.py WHEEL SITE_PACKAGES

What this Python has installed need not be installed again: that would be gigabytes. What the wheel does not
ask for is not there."""
import sys
from importlib.metadata import distribution, PathDistribution
from pathlib import Path
from zipfile import Path as ZipPath
from packaging.requirements import Requirement


def asked(dist, extras):
    "What a distribution asks for here, with some of its extras"
    for one in map(Requirement, dist.requires or ()):
        holds = (one.marker.evaluate(dict(extra=e)) for e in ('', *extras)) if one.marker else [True]
        if any(holds): yield one.name, tuple(one.extras)


def all_asked(dist):
    "Names of all that it takes to use a distribution"
    todo = list(asked(dist, ()))
    known = set()
    while todo:
        pair = todo.pop()
        if pair in known: continue
        known.add(pair)
        todo += asked(distribution(pair[0]), pair[1])
    return sorted({name for name, _ in known})


def link(name, site):
    "Make the files of a package known to another venv"
    dist = distribution(name)
    for top in {file.parts[0] for file in dist.files} - {'..', '__pycache__'}:
        place = site/top
        if not place.exists(): place.symlink_to(Path(dist.locate_file(top)).resolve())


def main(wheel, site):
    "All of them"
    about = next(p for p in ZipPath(wheel).iterdir() if p.name.endswith('.dist-info'))
    names = all_asked(PathDistribution(about))
    for name in names: link(name, Path(site))
    print(f'{len(names)} packages linked')


if __name__ == '__main__': main(*sys.argv[1:])
