"""What is measured for each paper: a module or a package for each, named author_year."""
