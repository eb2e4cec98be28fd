/** How long a read of a channel is good, ms: a payer's release takes 30 s at least (SCHEMAS "Durations"). */
export const CHANNEL_TTL_MS = 1_000
/** How long the provider of an operator is good, ms; registration and delegation change rarely. */
export const PROVIDER_TTL_MS = 30_000
/** How long "no provider" is good, ms: who has just registered must not wait long. */
export const NO_PROVIDER_TTL_MS = 2_000
/** How long the funds of a payer are good, ms: they only bound how many headers it may send. */
export const FUNDS_TTL_MS = 2_000
/** Entries kept per cache: channels and operators of one node. */
export const CACHE_ENTRIES = 4_096

/** Since the RPCs last agreed: up to this the view is FRESH, ms (DESIGN §6). */
export const FRESH_MS = 15_000
/** Up to this STALE, then BLIND, ms. */
export const STALE_MS = 600_000
/** Between two looks at the head, ms: a missed one leaves the view FRESH. */
export const LOOK_EVERY_MS = 5_000

/** Vouchers in one transaction: beyond this the gas of each hardly falls (DESIGN §13). */
export const VOUCHERS_PER_TRANSACTION = 256
/** How long a transaction may take to get into a block, ms. */
export const RECEIPT_TIMEOUT_MS = 60_000

/** How long a node looks for a transaction that a relay says is in a block, ms: nodes of one chain lag by seconds. */
export const RELAYED_RECEIPT_MS = 10_000

/** How long one RPC request may take, ms, and how often it is sent again. */
export const RPC_TIMEOUT_MS = 5_000
export const RPC_RETRIES = 1
/** How often a receipt is asked for, ms: blocks of the local network come at once. */
export const POLL_MS: Readonly<Record<'local' | 'public', number>> = { local: 50, public: 2_000 }
