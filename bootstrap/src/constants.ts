/** Limits of a seed peer, each with its unit and reason (docs/spec/mesh.md). */

/** Relay reservations at a time: peers behind NAT that this seed makes reachable. */
export const MAX_RESERVATIONS = 512

/** Life of a reservation, ms. */
export const RESERVATION_TTL_MS = 7_200_000

/** One relayed connection: enough to set up a direct one and for small jobs, no free tunnel. */
export const RELAY_DURATION_MS = 120_000
export const RELAY_DATA_BYTES: bigint = 1_048_576n

/** Provider records live this long without being announced again, ms. */
export const PROVIDER_RECORD_TTL_MS = 3_600_000

/** Passphrase of the identity's keychain entry. The folder is private to the user; this only satisfies the format. */
export const KEYCHAIN_PASS = 'duckmesh seed identity, protected by file mode'
