"""Archives that are hostile, broken or merely odd, and the trees that come of good ones."""
