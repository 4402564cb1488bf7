"""Payment files to banks and providers, and what they answer.

orders       the payouts of a run as payments: to whom, how much, under which reference
pain001      ISO 20022 pain.001: credit transfers of a bank
tables       CSV for PayPal, Wise and banks without ISO 20022
files        the file of a run: written once, read back, marked as sent
camt054      ISO 20022 camt.054: what the bank booked and what came back
status       the same from CSV, and from either what becomes of the payouts
"""
