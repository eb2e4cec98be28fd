/** Limits of the gateway, each with its unit and reason. */

/** Bytes of a request body: the longest prompt of 128 KiB, escaped as JSON, and its options. */
export const MAX_BODY_BYTES = 1_048_576

/** Completions under way; more are refused before anything is paid. One payer may have 16 segments a provider. */
export const MAX_OPEN_COMPLETIONS = 64

/** A comment line keeps an SSE connection alive through proxies that close silent ones, ms. */
export const KEEP_ALIVE_MS = 10_000

/** What a refused caller is told to wait, seconds. */
export const RETRY_AFTER_S = 1

/** How long a request may take to arrive, ms; slow ones would hold connections. */
export const REQUEST_TIMEOUT_MS = 15_000

/** Listing models, ms: one search of the mesh. */
export const MODELS_TIMEOUT_MS = 12_000

/** A reader that takes nothing for so long is gone, ms; its job is cancelled. */
export const STALL_MS = 60_000

/** How long an idempotency key holds the answer of its job, ms. */
export const IDEMPOTENCY_MS: number = 24 * 3_600_000

/** Idempotency keys held; the oldest go first. Each holds one answer. */
export const MAX_IDEMPOTENCY_KEYS = 256

/** Characters of an idempotency key at most. */
export const MAX_IDEMPOTENCY_KEY = 255
