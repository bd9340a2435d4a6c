"""Identity numbers become keyed tokens before anything is logged or stored (contract.md, Scan)."""

import hmac

from processors.model import Handover, Scan
from processors.registry import Customer, Registry


class Tokens:
    """HMAC-SHA256 of an identity number under the city's key: the same person, the same token, and no way back."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def of(self, id_number: str) -> str:
        """The token of an identity number; case and spaces do not matter."""
        return hmac.digest(self._key, "".join(id_number.split()).upper().encode(), "sha256").hex()

    def veil_scan(self, scan: Scan, registry: Registry) -> None:
        """Put the token in the number's place, and name the customer where the registry knows the token."""
        data = scan.data
        if isinstance(data, Handover) and data.id_number is not None:
            data.id_token = self.of(data.id_number)
            data.id_number = None
            data.customer = data.customer or registry.customer_of(data.id_token)

    def veil_customer(self, row: Customer) -> None:
        """The same for a customer's row."""
        if row.id_number is not None:
            row.id_token = self.of(row.id_number)
            row.id_number = None
