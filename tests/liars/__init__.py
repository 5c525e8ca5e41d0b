"""`python -m tests.liars`: made-up reports in simulated releases, and how often honest ones are taken for them."""
