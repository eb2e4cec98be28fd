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

/** Longest life of a job header, ms: an auction takes a tenth of it, two clocks may be 5 s apart (M-70). */
export const MAX_HEADER_LIFE_MS = 10_000

/** Longest time from a job header to the deadline of its order, seconds (M-71). */
export const MAX_JOB_LIFE_S = 3_600

/** Most members of a redundant job: the pool of 2k bids must fit one match (M-71). */
export const MAX_REPLICAS = 16

/** What a payer must be able to spend to announce a job, wei, and what one header a second costs (M-72, DESIGN §4). */
export const HEADER_FLOOR_WEI: bigint = 10n * 10n ** 18n

/** Headers at once, as seconds of a payer's rate, and the most of them (M-72). */
export const HEADER_BURST_FACTOR = 10
export const MAX_HEADER_BURST = 100

/**
 * Headers one client peer may send per second and at once, whatever number of payers it speaks for (M-73).
 * A gateway with 25 jobs a second is a large one.
 */
export const PEER_HEADER_RATE_PER_S = 25
export const PEER_HEADER_BURST = 100

/**
 * Headers taken from one neighbour per second (M-74). It passes on those of the whole mesh; 200 checks
 * cost a tenth to a fifth of a core.
 */
export const NEIGHBOUR_HEADER_RATE_PER_S = 200
export const NEIGHBOUR_HEADER_BURST = 400

/**
 * Headers without funds that a neighbour may bring per second (M-74): no honest peer passes one on, except where
 * the chain views of two peers differ by a block.
 */
export const UNFUNDED_RATE_PER_S = 1
export const UNFUNDED_BURST = 20

/** Longest life of a heartbeat, ms: held back, it must not make a dead seat look alive for long (M-76). */
export const MAX_HEARTBEAT_LIFE_MS = 10_000

/**
 * Heartbeats of one peer per second and topic, and at once (M-77). A seat beats once a second, for two turns in the
 * second before its next one begins; a slow link delivers three together.
 */
export const HEARTBEAT_RATE_PER_S = 1.5
export const HEARTBEAT_BURST = 3

/**
 * Notices of evidence that a peer may gossip per second, and at once (M-91): faults are rare, and each notice costs
 * whoever believes it a question.
 */
export const NOTICE_RATE_PER_S = 0.05
export const NOTICE_BURST = 3

/** Deadline of one question, ms: four round trips of a bad link (M-81). */
export const QUERY_TIMEOUT_MS = 2_000

/** Streams of one protocol of questions that a client keeps open; the least recently used one is closed (M-81). */
export const MAX_QUERY_SESSIONS = 64

/** Questions that may wait for an answer on one stream (M-80). */
export const MAX_QUERIES_IN_FLIGHT = 32
