"""Pages for people outside: self-contained HTML, in the languages of the catalogues beside."""
