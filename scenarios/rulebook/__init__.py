"""What a city's or template's document says about money, as rows of data, with its readings."""
