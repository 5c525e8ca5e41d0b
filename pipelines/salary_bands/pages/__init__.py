"""Generate documentation from code. `python -m salary_bands.pages` writes it, and a test fails if it is stale.

Belongs here: Markdown from schemas, formats, ladders and golden titles. Does not belong here: anything that another
package imports.
"""
