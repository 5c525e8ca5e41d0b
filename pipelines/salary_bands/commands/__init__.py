"""The commands of `salary-bands`, by what their users do: what each takes, and what it prints of what it is told.

Commands import what they need when they run: those that only read answer in under a second, without dagster. What a
command finds out does not belong here.
"""
