"""How kernels become machine code, and where that is kept: nothing here knows what they compute.

``stages`` is the way in.  ``translation`` asks numba for LLVM's code of a kernel and all that it calls
(``arguments``, ``entry``, ``instructions``, ``lookups``), ``processor`` makes machine code of that,
``native`` loads and calls it, ``cache`` keeps it.
"""
