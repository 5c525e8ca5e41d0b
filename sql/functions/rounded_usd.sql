-- The amount in USD, rounded half up to 500, and to 100 if it is below 50,000.
create macro rounded_usd(usd) as
cast(case when usd < 50000 then floor(usd / 100 + 0.5) * 100 else floor(usd / 500 + 0.5) * 500 end as bigint)
