"""What each paper claims: a module or a package for each, named author_year."""
