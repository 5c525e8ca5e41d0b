-- The ratio or share, rounded to four decimals; adding 0 turns -0 into 0.
create macro rounded_ratio(ratio) as round(ratio, 4) + 0
