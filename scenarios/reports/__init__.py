"""A directory's results as one HTML page, and its tables for a paper.

``report`` makes the page, ``tables`` the files of tables; both take their tables from ``results``, ``inputs``
and ``study``.
"""
