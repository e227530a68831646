"""Jitted functions of plain arrays: random numbers, shocks, rule steps, tallies.

Data layout.  Money of one block of paths lives in float64 rows, one row per county and fund and one per
city and fund.  A row holds named slots of ``LANES`` neighbouring paths, so ``county[BALANCE + i]`` is the
accumulated balance of one path and the innermost loop over lanes is the one that vectorises.
``codes.py`` names the slots; ``lanes.py`` says what is done for the compiler's sake, and where else.

Names.  ``county`` is a county's row, ``city`` the city's, ``flow`` the row in which transfers are noted, or
None; ``counties`` the rows of all.  Money is in yuan.  A *stage* is any jitted function here; one that begins
with ``wide()`` is a loop over lanes.
A file is read from its end: what others call stands last, and before it what that calls.
Indices: ``f`` fund of the run (``fund``: 0 employee, 1 resident), ``c`` county, ``y`` year from 0, ``month``
1 to 12, ``i`` lane.

Flow.  Monte Carlo: ``block.py`` draws shocks (``threefry`` → ``normals`` → ``shocks``) and steps the
rules (``months`` → ``january``, ``settlement``, ``december``), a stretch of months at a time, then measures
(``measure`` → ``tally``).  Replay calls the same steps of ``months.py`` with given figures.
ARCHITECTURE.md follows one month of one path through them.
"""
