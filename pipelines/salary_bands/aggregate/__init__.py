"""From pay_reports to bands: supersede, de-duplicate, fence outliers, weight, aggregate, suppress.

Belongs here: which reports count, and what is computed of them, in `sql/`. Does not belong here: what becomes of the
tables, or what one report means.
"""
