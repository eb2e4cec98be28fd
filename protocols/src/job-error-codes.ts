/** The part of the error registry about a job's way: ordered, auctioned, running. */

/** Where in a job's life or a node's start something failed. */
export type Stage =
  | 'config'
  | 'start'
  | 'mesh'
  | 'order'
  | 'auction'
  | 'dispatch'
  | 'engine'
  | 'settlement'
  | 'chain'
  | 'store'

/** What every error of a code carries. */
export interface CodeEntry {
  stage: Stage
  retryable: boolean
  todo: string
}

export const JOB_ERROR_CODES = {
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
  ANSWER_LOST: {
    stage: 'order',
    retryable: false,
    todo: 'Its answer is not kept; `duckmesh why` tells what it cost. Another key orders and pays a new job.',
  },
  NOT_SUPPORTED: {
    stage: 'order',
    retryable: false,
    todo: 'This mode or option does not exist in this version.',
  },
  JOB_EXPIRED: {
    stage: 'dispatch',
    retryable: false,
    todo: 'Send a new order with a later deadline.',
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
} as const
