/** Defaults of the light protocol, each with its unit and the reason for the number (docs/spec/mesh.md). */

/** Questions a caller may ask per second in the long run, and at once: seats of a few shards and its headers (M-84). */
export const LIGHT_RATE_PER_S = 20
export const LIGHT_BURST = 60

/** Headers of one caller that a peer forwards per second, and at once: a client of 50 DUCK sends as many (M-86). */
export const FORWARD_RATE_PER_S = 5
export const FORWARD_BURST = 20

/** Told of a seat of which no heartbeat was heard; uint32 max (light.proto). */
export const NEVER_HEARD_MS = 0xffff_ffff
