/** Defaults of the relay protocol, each with its unit and reason (docs/spec/settlement.md, rules S-17 to S-24). */

/** How long a provider waits for a relay's answer, ms: a gathering time and a block of a busy chain (S-18). */
export const RELAY_ANSWER_MS = 30_000

/** How long a permit is good, seconds: the answer, and two clocks that are 10 s off (S-19). */
export const PERMIT_LIFE_S = 60

/** A permit that ends sooner than this, seconds, may be late when the transaction is in a block (S-21). */
export const PERMIT_MARGIN_S = 10

/** Requests of one provider per second and at once (S-22): a provider redeems once an hour, a local one every few seconds. */
export const RELAY_RATE_PER_S = 0.2
export const RELAY_BURST = 10

/** Requests of one peer per second and at once before its stream is reset (S-22). */
export const RELAY_STREAM_RATE_PER_S = 1
export const RELAY_STREAM_BURST = 20

/** Groups that wait or are being sent, of all providers: four full transactions (S-22). */
export const MAX_RELAY_WAITING = 256

/** Groups and vouchers of one transaction (`JobMarket.MAX_GROUPS`, `MAX_BATCH`) (S-20). */
export const MAX_RELAY_GROUPS = 64
export const MAX_RELAY_BATCH = 1_000

/** How long a relay that told the untruth is not asked again, ms (S-24). */
export const DISTRUST_MS = 3_600_000
