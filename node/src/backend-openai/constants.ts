/** Durations and sizes of the OpenAI backend, each with its unit and reason. */

/**
 * Longest wait for the next bytes of an endpoint while a step waits for them, ms: below the 30 s after which a client
 * gives a silent provider up, so that the provider ends the job with a code.
 */
export const READ_TIMEOUT_MS = 25_000

/** One request of a probe as a whole, ms; a model that has to be loaded into memory first may take this long. */
export const PROBE_TIMEOUT_MS = 60_000

/** While a model is offered: how often the endpoint's list is looked at, ms. It costs no tokens. */
export const WATCH_INTERVAL_MS = 60_000

/** Pause after the first failed probe, and the least time between two probes, ms: a probe costs tokens. */
export const RETRY_FIRST_MS = 5_000

/** Longest pause between two probes of an endpoint that stays away, ms. */
export const RETRY_MOST_MS = 300_000

/** Tokens of a probe's answer: enough to see that it streams, few enough to cost nothing. */
export const PROBE_TOKENS = 16

/** Tokens of the answer that a probe breaks off: long enough that an endpoint which goes on shows it. */
export const PROBE_LONG_TOKENS = 512

/** UTF-16 units of one event at most; a delta has a few, one with a kilobyte is rare. */
export const MAX_EVENT_CHARS: number = 1024 * 1024

/** Bytes of the list of models; large routers list hundreds. */
export const MAX_LIST_BYTES: number = 4 * 1024 * 1024

/** Stop strings that the API takes in one request; all of them are looked for here too. */
export const MAX_API_STOPS = 4

/** `top_k` for all of them: older versions of vLLM refuse 0, and llama.cpp takes both. */
export const EVERY_TOKEN = -1

/** The half answer that a probe has an endpoint go on with: one that repeats it would deliver it twice. */
export const PROBE_PREFIX = 'One, two, three, four, five,'
