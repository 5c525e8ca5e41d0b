-- True if the market is a country, false if it is a metro or `global`.
create macro is_country(market) as length(market) = 2
