"""The report of a comparison: one HTML file, a contact sheet, and the run of MLflow that keeps them.

`page.write_report` writes the files, `publish.log_comparison` records them.
"""
