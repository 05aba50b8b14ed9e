"""What a compacted history lost, recalled from the store for its sender alone; and what a request teaches, kept there.

Without a lost placeholder nothing is asked. A store that fails costs an exchange nothing that it can do without; only
where the history holds edits, which may show what cannot be looked for now, is the request refused.
"""

from __future__ import annotations

from maskproxy.bodies.masks import Conversation, Output
from maskproxy.errors import StoreFailed
from maskproxy.gateway.intake import TIMES_WHILE_MASKED, holds_edits, mask_again
from maskproxy.gateway.maskings import OWN_RULES
from maskproxy.gateway.memory import Reservation
from maskproxy.gateway.state import Gateway, StoredVault
from maskproxy.masking import Known, Vault


async def recollected(
    gateway: Gateway, scope: str, mask: Conversation, vault: Vault, out: Output, reservation: Reservation
) -> Output:
    """Give the masked body, masked once more where what was recalled stands in it. `vault` is the exchange's own."""
    stored = gateway.stored_vault
    if stored is None:
        return out
    if mask.lost:
        found = await _recall(gateway, stored, scope, mask)
        by_name = {known.placeholder: known for known in found}
        taken = sum(mask.recall(by_name[name]) for name in mask.lost if name in by_name)
        gateway.meters.recalled(taken, len(mask.lost) - taken)
        if taken:
            size = (1 + TIMES_WHILE_MASKED) * mask.held_bytes
            reservation.grow(size)
            out = await mask_again(gateway, mask, out)
            reservation.shrink(size)
        mask.release()
    stored.remember(scope, [known for known in vault.taught() if known.rule not in OWN_RULES])
    return out


async def _recall(gateway: Gateway, stored: StoredVault, scope: str, mask: Conversation) -> list[Known]:
    try:
        return await stored.recall(scope, mask.lost)
    except StoreFailed as error:
        if await holds_edits(gateway, mask):
            raise StoreFailed(
                "This conversation's earlier secrets cannot be looked up at the moment, and its edits may hold some of "
                "them, so nothing was sent. Try again soon, or start a new conversation.",
                detail=error.detail,
                retry=True,
            ) from error
        gateway.log("secrets could not be recalled", reason=str(error), detail=error.detail)
        return []
