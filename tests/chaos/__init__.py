"""`make chaos`: refreshes that are killed, starved, corrupted and raced, and what is left of them. See `__main__`."""
