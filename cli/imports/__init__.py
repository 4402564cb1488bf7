"""Bringing in what other systems recorded: web-server logs, click tables, order lists.

An import turns lines into the same facts the gateway writes, with ids that follow from
the lines alone. So it can be run twice: it reads the log, finds its own ids there, and
appends only what is missing, also after it was killed half-way. Nothing is dropped in
silence: a line that cannot be used is listed with its number, the field and the reason.

    access_log, click_table     lines → visits
    visits                      visit → click, with the reasons why one does not count
    referring                   which partner and link a visit belongs to
    deal_map, expressions       what a program's order list looks like, written in TOML
    deals_csv                   lines → deals and refunds
    log_scan, append            what the log has already, and writing the rest
    report                      what happened, for people and as JSON
"""
