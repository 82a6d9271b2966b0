"""Floors 1 and 2: an archive is an enemy until its end. Read strictly, proved while it passes, unpacked in private."""
