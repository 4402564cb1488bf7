"""A payee: where a partner is paid, by one of the methods there are files for.

bank    an IBAN, with the bank's BIC where the program's bank asks for it
paypal  an e-mail address
wise    an IBAN or an e-mail address
"""

from __future__ import annotations

from aggregates.bank import bic_of, country_of, email_of, holder_of, iban_of
from aggregates.errors import Invalid
from events.decisions import PartnerPayeeSet

METHODS = ("bank", "paypal", "wise")


def checked_payee(wanted: PartnerPayeeSet) -> PartnerPayeeSet:
    """The payee as it is stored: IBAN and BIC compact, in upper case. Raises Invalid."""
    if wanted.method not in METHODS:
        raise Invalid("method", wanted.method, f"one of {', '.join(METHODS)}")
    if wanted.method == "bank" and not wanted.iban:
        raise Invalid("iban", "", "an IBAN: a bank pays to an account")
    if wanted.method == "paypal":
        if not wanted.email:
            raise Invalid("email", "", "an e-mail address: PayPal pays to one")
        if wanted.iban or wanted.bic:
            raise Invalid("iban", wanted.iban or wanted.bic, "none: PayPal pays to an address")
    if wanted.method == "wise" and not (wanted.iban or wanted.email):
        raise Invalid("iban", "", "an IBAN or an e-mail address: Wise pays to either")
    if wanted.bic and not wanted.iban:
        raise Invalid("iban", "", "an IBAN beside the BIC")
    return PartnerPayeeSet(
        partner=wanted.partner,
        method=wanted.method,
        name=holder_of("name", wanted.name),
        iban=wanted.iban and iban_of("iban", wanted.iban),
        bic=wanted.bic and bic_of("bic", wanted.bic),
        email=wanted.email and email_of("email", wanted.email),
        country=wanted.country and country_of("country", wanted.country),
    )
