"""Sequence numbers: what they hold, and how they are written.

A number is 188 bits long, written in decimal: the second its shard was opened in, the count of records before it, the
second it was given, the shard's index. Layout: observed of AWS's own numbers (mhart/kinesalite, MIT), version 2.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

#: The count that a shard's EndingSequenceNumber holds.
LAST = 0x7FFF_FFFF_FFFF_FFFF

_VERSION = 2
_HEAD = 2 << 184
_COUNT = 80
_TIME = 36
_SHARD = 4


class Number(NamedTuple):
    """A sequence number taken apart. `opened` and `time` are whole seconds since 1970."""

    opened: int
    shard: int
    records: int  # how many the shard had taken, this one included
    time: int


def base(opened: int, shard: int) -> int:
    """What all numbers of a shard have in common."""
    return _HEAD | opened << 148 | (shard & 15) << 144 | shard << _SHARD | _VERSION


def make(of: int, count: int, time: int) -> int:
    """The number of the `count`-th record of a shard with that `base`."""
    return of + (count << _COUNT) + (time << _TIME)


def following(of: int, first: int, time: int) -> Iterator[int]:
    """The numbers of records that come at once, the `first`-th of a shard and those after it."""
    return itertools.count(make(of, first, time), 1 << _COUNT)


def parse(text: str) -> Number:
    """Take a number apart; ValueError where it is none."""
    number = int(text)
    if number >> 184 != 2 or number & 15 != _VERSION:
        raise ValueError(f"{text} is no sequence number")
    count = number >> _COUNT & 0xFFFF_FFFF_FFFF_FFFF
    shard = number >> _SHARD & 0xFFFF_FFFF
    if count > LAST or number >> 144 & 15 != shard & 15:
        raise ValueError(f"{text} is no sequence number")
    return Number(number >> 148 & 0xF_FFFF_FFFF, shard, count, number >> _TIME & 0xF_FFFF_FFFF)
