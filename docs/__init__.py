"""The documentation site, made by `make docs`: its words are the Markdown files beside this."""
