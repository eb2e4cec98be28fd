/**
 * The one registry of error codes and the error every module throws across its boundary.
 *
 * A code never changes its meaning. `todo` is the sentence that says what to do; `retryable` tells
 * whether the same call may succeed later without changing anything.
 */

/** Where in a job's life or a node's start something failed. */
export type Stage =
  'config' | 'start' | 'mesh' | 'order' | 'auction' | 'dispatch' | 'engine' | 'settlement' | 'chain' | 'store'

interface CodeEntry {
  stage: Stage
  retryable: boolean
  todo: string
}

export const ERROR_CODES = {
  // config and start
  CONFIG_INVALID: {
    stage: 'config',
    retryable: false,
    todo: 'Correct the named option; see `duckmesh --help`.',
  },
  PORT_IN_USE: {
    stage: 'start',
    retryable: false,
    todo: 'Stop the program on that port or choose another with --port (0 picks a free one).',
  },
  STORE_LOCKED: {
    stage: 'store',
    retryable: true,
    todo: 'Another process uses this data folder; stop it or choose another --data-dir.',
  },
  STORE_CORRUPT: {
    stage: 'store',
    retryable: false,
    todo: 'Restore the data folder from a backup; vouchers can be fetched again from their payers.',
  },
  ANVIL_MISSING: {
    stage: 'start',
    retryable: false,
    todo: 'Run `npm ci --ignore-scripts` again, or install Foundry so that `anvil` is on the PATH.',
  },
  CHILD_FAILED: {
    stage: 'start',
    retryable: true,
    todo: 'A process of the local network stopped; read its last lines above.',
  },
  WRONG_CHAIN: {
    stage: 'chain',
    retryable: false,
    todo: 'Point --rpc at the chain of this network, or use the addresses of that chain.',
  },
  CHAIN_UNREACHABLE: {
    stage: 'chain',
    retryable: true,
    todo: 'Check that the RPC endpoint runs and is reachable.',
  },
  CHAIN_REVERTED: {
    stage: 'chain',
    retryable: false,
    todo: 'The contract refused the call; its error is in the details.',
  },
  KEY_REFUSED: {
    stage: 'config',
    retryable: false,
    todo: 'Use a keystore file of mode 0600; raw private keys are accepted on the local network only.',
  },
  // mesh
  MALFORMED_FRAME: {
    stage: 'mesh',
    retryable: false,
    todo: 'The other side sent bytes that are not the protocol; it should update.',
  },
  FRAME_TOO_LARGE: {
    stage: 'mesh',
    retryable: false,
    todo: 'Send a smaller frame; the limits are in docs/spec/mesh.md.',
  },
  FIELD_OUT_OF_RANGE: {
    stage: 'mesh',
    retryable: false,
    todo: 'Correct the named field; the ranges are in docs/spec.',
  },
  UNEXPECTED_FRAME: {
    stage: 'mesh',
    retryable: false,
    todo: 'The frame is not allowed in this state; open a new stream.',
  },
  WRONG_NETWORK: {
    stage: 'mesh',
    retryable: false,
    todo: 'Use peers of the same chain and registry.',
  },
  VERSION_UNSUPPORTED: {
    stage: 'mesh',
    retryable: false,
    todo: 'Update the older of the two sides.',
  },
  BAD_SIGNATURE: {
    stage: 'mesh',
    retryable: false,
    todo: 'Sign with the key that the binding names.',
  },
  BINDING_EXPIRED: {
    stage: 'mesh',
    retryable: true,
    todo: 'Send a fresh binding; they live at most 24 h. Check the clock.',
  },
  BINDING_MISMATCH: {
    stage: 'mesh',
    retryable: false,
    todo: 'The binding names another peer key than the connection.',
  },
  ENVELOPE_STALE: {
    stage: 'mesh',
    retryable: true,
    todo: 'Check the clock; envelopes live at most 60 s.',
  },
  ENVELOPE_REPLAYED: {
    stage: 'mesh',
    retryable: false,
    todo: 'Use a sequence number that was not used before.',
  },
  RATE_LIMITED: {
    stage: 'mesh',
    retryable: true,
    todo: 'Send fewer messages; the quotas are in docs/spec/mesh.md.',
  },
  NO_PEERS: {
    stage: 'mesh',
    retryable: true,
    todo: 'No seed or cached peer answered; check the addresses given with --seed.',
  },
  STREAM_CLOSED: {
    stage: 'mesh',
    retryable: true,
    todo: 'The other side closed the stream; try again.',
  },
  TIMED_OUT: {
    stage: 'mesh',
    retryable: true,
    todo: 'No answer in time; try again or choose another peer.',
  },
  WRONG_TOPIC: {
    stage: 'mesh',
    retryable: false,
    todo: 'Publish the message on the topic of its type and shard.',
  },
  BINDING_UNKNOWN: {
    stage: 'mesh',
    retryable: true,
    todo: 'Send a valid binding in the hello or on the ctl topic first.',
  },
  PEER_LIMIT: {
    stage: 'mesh',
    retryable: true,
    todo: 'An operator may bind at most three peers; stop one or let its binding expire.',
  },
  // order and award
  SPEC_INVALID: {
    stage: 'order',
    retryable: false,
    todo: 'Correct the request; the named field is out of range.',
  },
  PROMPT_EMPTY: {
    stage: 'order',
    retryable: false,
    todo: 'Give a prompt with at least one character.',
  },
  PROMPT_TOO_LONG: {
    stage: 'order',
    retryable: false,
    todo: 'Shorten the prompt or lower maxTokens so that both fit the context of the model.',
  },
  MODEL_NOT_FOUND: {
    stage: 'order',
    retryable: false,
    todo: 'Choose one of the models that are offered; the details list them.',
  },
  PROVIDER_UNAVAILABLE: {
    stage: 'order',
    retryable: true,
    todo: 'No provider offers this model now; try again later.',
  },
  PRICE_ABOVE_CAP: {
    stage: 'order',
    retryable: false,
    todo: 'Raise maxPrice to at least the quoted price or ask for fewer tokens.',
  },
  BALANCE_INSUFFICIENT: {
    stage: 'order',
    retryable: false,
    todo: 'Deposit and allot more DUCK, then try again.',
  },
  NOT_SUPPORTED: {
    stage: 'order',
    retryable: false,
    todo: 'This mode or option does not exist in this version.',
  },
  JOB_EXPIRED: {
    stage: 'dispatch',
    retryable: false,
    todo: 'The deadline passed; send a new order with a later one.',
  },
  JOB_UNKNOWN: { stage: 'dispatch', retryable: false, todo: 'No such job is stored here.' },
  SEGMENT_USED: {
    stage: 'dispatch',
    retryable: false,
    todo: 'This segment was awarded before; send a new order.',
  },
  AWARD_INVALID: {
    stage: 'dispatch',
    retryable: false,
    todo: 'The award does not match its order, provider or hashes.',
  },
  PRICE_MISMATCH: {
    stage: 'dispatch',
    retryable: false,
    todo: 'Ask for a fresh offer: the award names another price.',
  },
  PROVIDER_BUSY: {
    stage: 'dispatch',
    retryable: true,
    todo: 'All slots are taken; wait or choose another provider.',
  },
  INVALID_PROVIDER: {
    stage: 'dispatch',
    retryable: false,
    todo: 'The provider is not registered or has too little stake.',
  },
  INSUFFICIENT_STAKE: {
    stage: 'chain',
    retryable: false,
    todo: 'Stake at least the minimum; `need` is in the details.',
  },
  // auction
  STALE_SEAT: {
    stage: 'auction',
    retryable: true,
    todo: 'The peer has no seat in this turn; ask for the seats again.',
  },
  SEATS_UNREACHABLE: {
    stage: 'auction',
    retryable: true,
    todo: 'No seat answered; the direct lane needs none.',
  },
  HEADER_INVALID: {
    stage: 'auction',
    retryable: false,
    todo: 'The job header contradicts its order or its sender.',
  },
  UNFUNDED: {
    stage: 'auction',
    retryable: false,
    todo: 'Deposit DUCK or raise the service allotment; the details tell what is needed.',
  },
  SEAT_FEE_DUE: {
    stage: 'auction',
    retryable: true,
    todo: 'Send the openings and fees of earlier matches first, or use another seat.',
  },
  BID_INVALID: {
    stage: 'auction',
    retryable: false,
    todo: 'The bid does not fit the job, its commitment or its bidder.',
  },
  MATCH_INVALID: {
    stage: 'auction',
    retryable: false,
    todo: 'The match does not fit its bids or its seat; keep it as evidence and use another seat.',
  },
  MATCH_CONTRADICTS: {
    stage: 'auction',
    retryable: false,
    todo: 'The seat signed two matches for one attempt; keep both as evidence.',
  },
  BID_OMITTED: {
    stage: 'auction',
    retryable: false,
    todo: 'The match leaves out an acknowledged bid; keep both signatures as evidence.',
  },
  CHOICE_WRONG: {
    stage: 'auction',
    retryable: false,
    todo: 'The award does not follow from the bids by the published rule.',
  },
  NO_BIDS: {
    stage: 'auction',
    retryable: true,
    todo: 'Nobody bid; the details tell why each invited provider passed.',
  },
  // running
  REVEAL_INVALID: {
    stage: 'dispatch',
    retryable: true,
    todo: 'The revealed answer is not what was committed; the receipts are the proof.',
  },
  REVEAL_MISSING: {
    stage: 'dispatch',
    retryable: true,
    todo: 'The member was paid and did not reveal its answer; exclude it.',
  },
  MEMBERS_MISSING: {
    stage: 'dispatch',
    retryable: true,
    todo: 'Too few providers finished; send the job again or ask for fewer replicas.',
  },
  RESULTS_DIFFER: {
    stage: 'dispatch',
    retryable: false,
    todo: 'The members gave unequal answers; all are stored, nobody is punished before a check.',
  },
  CHUNK_INVALID: {
    stage: 'dispatch',
    retryable: false,
    todo: 'The provider broke the hash chain; the job was stopped and no further step is paid.',
  },
  RECEIPT_INVALID: {
    stage: 'dispatch',
    retryable: false,
    todo: 'The receipt does not match what was delivered; no further step is paid.',
  },
  PAYMENT_MISSING: {
    stage: 'dispatch',
    retryable: false,
    todo: 'The next step was not paid in time; send a voucher before each step.',
  },
  BUDGET: {
    stage: 'dispatch',
    retryable: false,
    todo: 'maxPrice is used up; raise it in a new order.',
  },
  PROVIDER_STALLED: {
    stage: 'dispatch',
    retryable: true,
    todo: 'The provider stopped delivering; send the job again.',
  },
  PROVIDER_LOST: {
    stage: 'dispatch',
    retryable: true,
    todo: 'The connection to the provider broke; send the job again.',
  },
  CLIENT_LOST: {
    stage: 'dispatch',
    retryable: false,
    todo: 'The client went away; what was receipted stays paid.',
  },
  CANCELLED: { stage: 'dispatch', retryable: false, todo: 'The job was cancelled by the client.' },
  SHUTTING_DOWN: {
    stage: 'dispatch',
    retryable: true,
    todo: 'The peer is stopping; choose another one.',
  },
  // engine
  MODEL_CORRUPT: {
    stage: 'engine',
    retryable: false,
    todo: 'Delete the named file and start again; it is built or fetched anew.',
  },
  MODEL_SELF_TEST_FAILED: {
    stage: 'engine',
    retryable: false,
    todo: 'This machine computes other numbers than the manifest; the model is not offered.',
  },
  ENGINE_BUSY: { stage: 'engine', retryable: true, todo: 'Too many generations are open; wait.' },
  ENGINE_CRASHED: {
    stage: 'engine',
    retryable: true,
    todo: 'The inference worker stopped and is restarted; send the job again.',
  },
  ENGINE_FAILED: {
    stage: 'engine',
    retryable: false,
    todo: 'The inference failed; the cause is in the details.',
  },
  // settlement
  VOUCHER_INVALID: {
    stage: 'settlement',
    retryable: false,
    todo: 'The voucher is badly signed, lower than an earlier one or above the allotment.',
  },
  ALLOTMENT_EXCEEDED: {
    stage: 'settlement',
    retryable: false,
    todo: 'Allot more DUCK to this provider.',
  },
  ALREADY_FINALIZED: {
    stage: 'settlement',
    retryable: false,
    todo: 'The voucher was redeemed before; nothing is lost.',
  },
  NOTHING_TO_REDEEM: {
    stage: 'settlement',
    retryable: true,
    todo: 'No unredeemed voucher is held.',
  },
  INTERNAL: {
    stage: 'start',
    retryable: false,
    todo: 'This is a defect; please report it with the details.',
  },
} as const

export type ErrorCode = keyof typeof ERROR_CODES

/** True when the string is a code of the registry; codes from the network are checked with this. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code)
}

export interface DuckMeshErrorOptions {
  cause?: unknown
  jobId?: string
  /** Facts with the numbers: what was given, what is needed. Values are printed, so no secrets. */
  details?: Readonly<Record<string, string | number | bigint | boolean | readonly string[]>>
}

/** The error every public function throws: a code of the registry, what happened, and what to do. */
export class DuckMeshError extends Error {
  readonly code: ErrorCode
  readonly stage: Stage
  readonly retryable: boolean
  readonly todo: string
  readonly details: NonNullable<DuckMeshErrorOptions['details']>
  readonly jobId: string | undefined

  constructor(code: ErrorCode, what: string, options: DuckMeshErrorOptions = {}) {
    const entry: CodeEntry = ERROR_CODES[code]
    super(`${sentence(what)} ${entry.todo}`, { cause: options.cause })
    this.name = 'DuckMeshError'
    this.code = code
    this.stage = entry.stage
    this.retryable = entry.retryable
    this.todo = entry.todo
    this.details = options.details ?? {}
    this.jobId = options.jobId
  }
}

/** Ends a text like a sentence. */
function sentence(text: string): string {
  return /[.!?\n]$/.test(text) ? text : `${text}.`
}

/** Turns anything thrown into a DuckMeshError, keeping one that already is. */
export function toDuckMeshError(error: unknown, code: ErrorCode = 'INTERNAL'): DuckMeshError {
  if (error instanceof DuckMeshError) return error
  // Errors of the wire codecs and of the contracts carry codes of this registry already.
  if (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    isErrorCode(error.code)
  ) {
    return new DuckMeshError(error.code, error.message, { cause: error })
  }
  const what = error instanceof Error ? error.message : String(error)
  return new DuckMeshError(code, what, { cause: error })
}
