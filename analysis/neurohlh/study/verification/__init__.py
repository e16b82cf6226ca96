"""What R computes, held against what this package computes: the cases of `neurohlh verify`, one module per room."""
