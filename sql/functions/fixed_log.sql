-- The log of pay over 100,000 USD in units of 1 / 65536: an integer, so that sums and medians are exact everywhere.
create macro fixed_log(pay) as cast(round(65536 * ln(pay / 100000.0)) as bigint)
