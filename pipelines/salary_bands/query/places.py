"""Say which places there are, whether or not a release has cells there."""


def metros() -> set[str]:
    """Return the metros that the method knows."""
    from salary_bands.reference import read_csv

    return {row["market"] for row in read_csv("markets.csv")}


def is_market(market: str) -> bool:
    """True if a market is valid, even if the release has no cell for it."""
    import pycountry

    if market == "global" or market in metros():
        return True
    return len(market) == 2 and market.isupper() and pycountry.countries.get(alpha_2=market) is not None
