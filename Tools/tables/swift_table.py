"""Writes bytes as a Swift file: gzip, then base64 in a string literal, which the compiler passes through unread.

Embedding the same bytes as an array of numbers took the compiler 25 s, as text under one second.
"""

import base64
import gzip
import textwrap


def write(folder, name, data, about, command):
    packed = gzip.compress(bytes(data), 9, mtime=0)
    text = "\n".join("      " + line for line in textwrap.wrap(base64.b64encode(packed).decode(), 112))
    with open(f"{folder}/{name[0].upper()}{name[1:]}Table.swift", "w") as file:
        file.write(
            f"// Made by {command}; see Tools/tables/README.md for provenance and terms. Do not edit.\n\n"
            f"extension EmbeddedTable {{\n  /// {about}\n"
            f'  static let {name} = EmbeddedTable(\n    base64: """\n{text}\n      """)\n}}\n'
        )
    print(f"{name}: {len(packed)} bytes")
