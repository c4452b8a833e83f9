"""The contract as one value: a version of an agreement with all it holds besides its terms."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from orchestrator.model.agreements import Version
from orchestrator.model.duties import ROLES
from orchestrator.model.provisions import Provisions


@dataclass(frozen=True, slots=True)
class Contract:
    """The whole of an agreement's version: its terms, and all it holds besides."""

    version: Version
    provisions: Provisions = field(default_factory=Provisions)

    @classmethod
    def of(cls, version: Version) -> Contract:
        """The contract that a version of an estate is."""
        return cls(version, version.provisions)

    @property
    def held(self) -> Version:
        """The version as an estate holds it, with all it holds besides its terms."""
        return replace(self.version, provisions=self.provisions)

    @property
    def number(self) -> int:
        """The number it was agreed under: of a further stretch, that of the first."""
        return self.provisions.continues or self.version.number

    @property
    def roles(self) -> dict[str, frozenset[str]]:
        """The roles of each party, the provider and the customer first."""
        version = self.version
        found: dict[str, set[str]] = {version.provider: {"provider"}}
        found.setdefault(version.customer, set()).add("customer")
        for role in version.roles:
            found.setdefault(role.party, set()).add(role.role)
        return {party: frozenset(roles) for party, roles in found.items()}

    @property
    def bound(self) -> tuple[str, ...]:
        """The parties whose acceptance makes it binding, by the table of roles."""
        return tuple(
            party
            for party, roles in self.roles.items()
            if any(role in ROLES and ROLES[role].bound for role in roles)
        )
