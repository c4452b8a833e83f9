"""The contract as one value: a version of an agreement with all it holds besides its terms."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator.model.agreements import Version
from orchestrator.model.duties import ROLES
from orchestrator.model.provisions import Provisions


@dataclass(frozen=True, slots=True)
class Contract:
    """The whole of an agreement's version: its terms, and all it holds besides."""

    version: Version
    provisions: Provisions = field(default_factory=Provisions)

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
