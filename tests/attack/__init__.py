"""Attacks on the people in published releases, by somebody who knows the method but neither its key nor its code."""
