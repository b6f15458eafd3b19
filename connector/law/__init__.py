"""The law of collecting in the Netherlands and Belgium, as tables with dates and pure functions over them."""
