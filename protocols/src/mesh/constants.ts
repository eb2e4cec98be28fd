/** Defaults of the mesh layer, each with its unit and the reason for the number (docs/spec/mesh.md). */

/** Version in every envelope and hello; there is no other yet. */
export const PROTOCOL_VERSION = 1

/** Signed before the body bytes, so that an envelope signature can never be one over something else (M-11). */
export const ENVELOPE_DOMAIN = 'duckmesh-envelope-v1:'

/** How far a sender's clock may run ahead of ours, ms. Five seconds is what NTP-less machines drift (M-14). */
export const MAX_CLOCK_SKEW_MS = 5_000

/** Longest life of an envelope, ms; what a replay window must remember is bounded by it (M-15). */
export const MAX_ENVELOPE_LIFE_MS = 60_000

/** Sequence numbers remembered per peer: a peer sends at most a few messages per second and shard (M-17). */
export const REPLAY_WINDOW_BITS = 1_024

/** Peers with a replay window, about 250 bytes each: three peers of each of 2 700 operators (M-18). */
export const REPLAY_MAX_PEERS = 8_192

/** Longest life of a binding, seconds: a stolen peer key is worth at most a day (M-21). */
export const MAX_BINDING_LIFE_S = 86_400

/** Two clocks, signer's and ours, may each be off by the skew of an envelope, seconds (M-21). */
export const BINDING_SKEW_S = 10

/** Peers that speak for one operator at the same time: a main, a standby and one being replaced (M-23). */
export const MAX_PEERS_PER_OPERATOR = 3

/** Verified bindings kept, about 600 bytes each; the least recently used one makes room (M-24). */
export const MAX_CACHED_BINDINGS = 8_192

/** Bindings are published again this often, ms, so that a peer that joins knows its mesh in a minute. */
export const BINDING_REPUBLISH_MS = 60_000

/** How long a dialler waits for the other side's hello, ms: two round trips of a bad link and a verification. */
export const HELLO_TIMEOUT_MS = 10_000

/** Longest life of an offer, ms: prices older than three regular publications bind nobody (M-34, DESIGN §4). */
export const MAX_OFFER_LIFE_MS = 30_000

/** Offers a peer may gossip per second and topic (DESIGN §4). */
export const OFFER_RATE_PER_S = 1

/** Offers that may come at once after a pause: a price change right after a regular one, and one lost race. */
export const OFFER_BURST = 3

/** Bindings a peer may gossip per second and topic: one a minute is regular, a rotation doubles it. */
export const BINDING_RATE_PER_S = 0.1

/** Bindings that may come at once: start, rotation and a restart inside one minute. */
export const BINDING_BURST = 3

/** Peers whose quotas are remembered; a full bucket is the same as none, so only drained ones are kept. */
export const RATE_LIMIT_MAX_KEYS = 16_384

/** Message ids of gossip are remembered for life + 60 s, so a live envelope cannot come around twice, ms. */
export const GOSSIP_SEEN_TTL_MS: number = MAX_ENVELOPE_LIFE_MS + 60_000

/** Bytes received and not yet read at which the remote is told to pause: one yamux start window. */
export const READ_HIGH_WATER_BYTES = 262_144

/** Bytes at which a paused remote may send again. */
export const READ_LOW_WATER_BYTES = 65_536

/** Bytes a stream may queue for a remote that does not read before it is reset: 16 of the largest frames. */
export const MAX_WRITE_QUEUE_BYTES = 4_194_304

/** How long a graceful close may wait for a remote that does not read, ms, before the stream is reset. */
export const CLOSE_TIMEOUT_MS = 5_000
