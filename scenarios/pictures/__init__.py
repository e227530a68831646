"""Pictures of stored results, one idea a module, each a function of tidy tables to a matplotlib figure.

Figures are made without pyplot, so no display and no backend is touched.  Make and save them inside
``sheet.drawing()``, which has the fonts and the style.  ``pictures.draw`` draws what a directory supports.
"""
