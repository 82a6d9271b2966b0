"""Coverage-guided fuzzing of what reads foreign text: a target for each reader, and a corpus of seeds for each target.

``python tests/fuzz TARGET --seconds 60`` runs one of them with atheris; the tests run every seed through its target
without it, so that targets never rot. A finding becomes a seed, under a name that says what it is.
"""
