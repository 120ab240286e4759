"""Invoices, receipts and credit notes as people read them: one template, shown as a page and printed as a PDF file."""
