"""One screen a file. Places are reached by number or palette; other screens lie on top of a place."""
