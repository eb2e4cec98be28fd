/** Defaults of the market layer, each with its unit and the reason for the number (docs/spec/market.md). */

/** How long a provider honours an offer after its end, ms: an award may have been on its way (K-4). */
export const OFFER_GRACE_MS = 10_000

/** Offers are published again this often, ms, and at most once a second on a change (K-3). */
export const OFFER_INTERVAL_MS = 10_000
export const OFFER_MIN_INTERVAL_MS = 1_000

/** Offers kept of one model: more candidates than anybody probes (K-6). */
export const MAX_OFFERS_PER_MODEL = 256

/** Offers kept in all, about 1 KiB each (K-6). */
export const MAX_OFFERS = 4_096

/** Candidates asked for their load before a direct choice: cheapest first (K-11). */
export const MAX_PROBES = 5

/** Deadline of one caps request, ms: four round trips of a bad link; a slower provider is no candidate. */
export const CAPS_TIMEOUT_MS = 2_000

/** Caps requests a peer may send per second in the long run, and at once (K-22). */
export const CAPS_RATE_PER_S = 5
export const CAPS_BURST = 20

/** Caps sessions a client keeps open; the least recently used one is closed (K-23). */
export const MAX_CAPS_SESSIONS = 64

/** Requests that may wait for an answer on one caps stream. */
export const MAX_CAPS_IN_FLIGHT = 32
