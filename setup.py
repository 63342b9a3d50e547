"Everything that setuptools needs is in settings.ini"
import shlex
from configparser import ConfigParser
from pathlib import Path
from setuptools import setup, find_packages

config = ConfigParser(delimiters=['='])
config.read('settings.ini', encoding='utf-8')
cfg = config['DEFAULT']

setup(
    name = cfg['lib_name'],
    version = cfg['version'],
    description = cfg['description'],
    long_description = Path('README.md').read_text(encoding='utf-8'),
    long_description_content_type = 'text/markdown',
    author = cfg['author'],
    author_email = cfg['author_email'],
    keywords = cfg['keywords'].split(),
    url = cfg['git_url'],
    license = 'Apache-2.0',
    license_files = ['LICENSE', 'miniddpm/assets/NOTICE'],
    packages = find_packages(include=['miniddpm', 'miniddpm.*']),
    package_data = {'miniddpm': ['assets/*']},
    include_package_data = False,
    python_requires = '>=' + cfg['min_python'],
    install_requires = shlex.split(cfg['requirements']),
    extras_require = {name: shlex.split(cfg[f'{name}_requirements'])
                      for name in ('dev', 'diffusers', 'widgets', 'benchmarks', 'scale', 'flow')},
    entry_points = {
        'console_scripts': [s for s in cfg['console_scripts'].split('\n') if s.strip()],
        'nbdev': [f"{cfg['lib_name']}={cfg['lib_path']}._modidx:d"],
    },
    zip_safe = False,
)
