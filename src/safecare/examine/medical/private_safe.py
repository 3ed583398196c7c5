"""Private attributes that may stay in a disarmed file: what measuring and display need, and what holds plain numbers.

Source: PS3.15 table E.3.10-1 (safe private attributes): the entries for PET, MR, CT and mammography. Others are kept
where the site names their creator.
"""

from __future__ import annotations

_TABLE = """
Philips PET Private Group|7053: 00 09
Philips MR Imaging DD 001|2005: 0D 0E
Philips Imaging DD 001|2001: 03 04
SIEMENS MR HEADER|0019: 0C 0D 0E 27
ELSCINT1|00E1: 21|01E1: 26 50|01F1: 01 07 26 27
GEMS_ACQU_01|0019: 23 24 27 9E
GEMS_SERS_01|0025: 07
GEMS_PARM_01|0043: 27 39 6F
GEMS_HELIOS_01|0045: 01 02
GEMS_SENO_02|0045: 06 1B 20 27 29 2A 2B 49 58 59 60 61 64 71 72 90 A0 A1 A2 A4 A7 A8
GEIIS PACS|0903: 10 11 12
HOLOGIC, Inc.|0019: 06 07 08 16 25 26 27 28 29 30 31 32 33 34 35 37 40 41 42 43 44 45 46 50 51 52 53 60 61 62 70 71 80 85 87 89
LORAD Selenia|0019: 06 07 08 16 26 27 28 29 30 31 32 33 34 35 37 40 41 50 51 52 53 60 70 71 80 90
"""  # noqa: E501


def safe_private() -> frozenset[tuple[str, int, int]]:
    """Return (creator, group, element within its block) of each."""
    found: set[tuple[str, int, int]] = set()
    for line in _TABLE.strip().splitlines():
        creator, *groups = line.split("|")
        for group in groups:
            number, _, elements = group.partition(":")
            found |= {(creator, int(number, 16), int(one, 16)) for one in elements.split()}
    return frozenset(found)
