"""What HLH and CNS involvement are, in three-valued logic, read from the catalogue."""
