"""The reference pages, from the code. One module a page, `render` in each."""
