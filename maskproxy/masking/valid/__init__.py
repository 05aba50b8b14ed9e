"""Is this a real number of its kind? What rules name under `checks: {valid: [...]}`.

For what has no prefix to know it by: numbers of cards, accounts and people, addresses, seed phrases. A rule for a
token that says itself what it is never asks for such a proof, because newer and cut tokens fail it. Each takes a
candidate and tells whether it holds one; what was matched with it, such as a card's expiry, does no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from maskproxy.masking.valid import accounts, contacts, irregular, people, seed_phrases

VALID: Mapping[str, Callable[[bytes], bool]] = {
    "card": accounts.holds_card,
    "iban": accounts.holds_iban,
    "us-ssn": people.is_us_ssn,
    "us-itin": people.is_us_itin,
    "uk-nino": people.is_uk_nino,
    "de-steuer-id": people.is_de_steuer_id,
    "br-cpf": people.is_br_cpf,
    "br-cnpj": people.is_br_cnpj,
    "in-aadhaar": people.is_in_aadhaar,
    "fr-nir": people.is_fr_nir,
    "es-dni": people.is_es_dni,
    "it-codice-fiscale": people.is_it_codice_fiscale,
    "nl-bsn": people.is_nl_bsn,
    "pl-pesel": people.is_pl_pesel,
    "ch-ahv": people.is_ch_ahv,
    "ca-sin": people.is_ca_sin,
    "au-tfn": people.is_au_tfn,
    "cn-id": people.is_cn_id,
    "se-personnummer": people.is_se_personnummer,
    "be-nn": people.is_be_nn,
    "fi-hetu": people.is_fi_hetu,
    "phone": contacts.is_phone,
    "email": contacts.is_email,
    "public-ip": contacts.is_public_ip,
    "irregular": irregular.is_irregular,
    "bip39": seed_phrases.holds_seed_phrase,
}

__all__ = ["VALID"]
