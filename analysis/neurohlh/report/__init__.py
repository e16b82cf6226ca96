"""Results in, a document out: computes no statistic."""
