"""What the code of a market says: a metro begins with its country, such as `us-seattle`."""


def country_of_market(market: str) -> str:
    """Return the country of a metro, else the market itself."""
    return market.split("-")[0].upper() if "-" in market else market
