"""Laws that hold for every input, found out by generated ones."""
