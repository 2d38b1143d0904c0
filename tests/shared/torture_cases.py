"""What the kinds of files of the torture suite need beside the project's own packages."""

NEEDS = {"EDF": "edfio", "BDF": "edfio", "DICOM": "pydicom", "Parquet": "pyarrow"}
