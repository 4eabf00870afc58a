"""The figures of each paper: a module or a package for each, named author_year."""
