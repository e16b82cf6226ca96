"""What leaves the study for other programs: labelled frames, phenopackets, the codebook as a workbook."""
