-- True if the tier is a complete list of employers: differences between them are part of the band, not sampling error.
create macro is_listed_tier(tier) as tier in ('T1', 'T2')
