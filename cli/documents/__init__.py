"""Documents: what a program or a partner is sent, as PDF, CSV and JSON with the same facts.

fonts     the letters a PDF is set in        pages    paper: headings, tables, page x of y
look      measures, colors, styles           long_table   tables that run over pages
sheet     CSV that no spreadsheet executes   words    how entries are called by people
statement, invoice    what stands on each
"""
