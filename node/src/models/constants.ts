/** Limits of the model store, each with its unit and reason (docs/models.md). */

/** Bytes a store may hold unless it was told otherwise: some models of a few gigabytes. */
export const DEFAULT_QUOTA_BYTES: number = 64 * 1024 ** 3

/** Bytes read or written at once: the main thread stays free between two of them. */
export const CHUNK_BYTES: number = 1024 ** 2

/** How long a change waits for another process that is just changing the store, ms; such changes are short. */
export const LOCK_WAIT_MS = 10_000

/** Time between two looks at a taken lock, ms. */
export const LOCK_LOOK_MS = 10
