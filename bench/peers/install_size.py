"""Bytes on disk of installed distributions and all they require: `python install_size.py torch` prints one number."""

import re
import sys
from importlib import metadata


def closure(names):
    seen = {}
    waiting = list(names)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in seen:
            continue
        try:
            seen[name] = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        for requirement in seen[name].requires or []:
            if "extra ==" not in requirement:
                waiting.append(re.match(r"[\w.-]+", requirement).group())
    return seen.values()


files = {file.locate().resolve() for each in closure(sys.argv[1:]) for file in each.files or []}
print(sum(file.stat().st_size for file in files if file.is_file()))
