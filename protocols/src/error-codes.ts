/**
 * The one registry of error codes.
 *
 * A code never changes its meaning. `todo` is the sentence that says what to do; `retryable` tells
 * whether the same call may succeed later without changing anything.
 */

import { JOB_ERROR_CODES } from './job-error-codes.ts'
import type { CodeEntry } from './job-error-codes.ts'

export type { CodeEntry, Stage } from './job-error-codes.ts'

const OTHER_ERROR_CODES = {
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
  NO_HOLDERS: {
    stage: 'mesh',
    retryable: true,
    todo: 'No peer that was asked has it now; what was fetched is kept, so run the same again later.',
  },
  HOLDER_LIED: {
    stage: 'mesh',
    retryable: true,
    todo: 'The peer told something else than the model it claims to have; ask others.',
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
  DEVICE_UNAVAILABLE: {
    stage: 'config',
    retryable: false,
    todo: 'See "Devices" in docs/models.md; `duckmesh models bench <model> --device <d>` tries one.',
  },
  BACKEND_UNREACHABLE: {
    stage: 'engine',
    retryable: true,
    todo: 'The endpoint behind the model is away; choose another provider or try again later.',
  },
  BACKEND_FAILED: {
    stage: 'engine',
    retryable: true,
    todo: 'The endpoint behind the model does not work as its API says; choose another provider.',
  },
  // model store
  MODEL_MANIFEST_INVALID: {
    stage: 'engine',
    retryable: false,
    todo: 'Whoever made the manifest has to correct it.',
  },
  MODEL_UNSUPPORTED: {
    stage: 'engine',
    retryable: false,
    todo: 'Choose another export of the model; the message says what does not fit.',
  },
  MODEL_SOURCE_REFUSED: {
    stage: 'store',
    retryable: false,
    todo: 'Correct the folder and run the command again.',
  },
  MODEL_NOT_STORED: {
    stage: 'store',
    retryable: false,
    todo: 'See `duckmesh models list`; take it in with `models add` or `models pull`.',
  },
  MODEL_IN_USE: {
    stage: 'store',
    retryable: true,
    todo: 'Stop the node that serves or fetches this model, then try again.',
  },
  BLOB_UNKNOWN: {
    stage: 'store',
    retryable: false,
    todo: 'Ask for the files that a manifest of this store names.',
  },
  STORE_QUOTA: {
    stage: 'store',
    retryable: false,
    todo: 'Unpin or remove models, or raise the limit with `duckmesh models quota`.',
  },
  STORE_FULL: {
    stage: 'store',
    retryable: true,
    todo: 'Free space on that disk, then run the command again: it goes on where it ended.',
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
  EVIDENCE_INVALID: {
    stage: 'settlement',
    retryable: false,
    todo: 'Bring two signed messages that contradict each other and for which the chain would slash.',
  },
  NOTHING_TO_REDEEM: {
    stage: 'settlement',
    retryable: true,
    todo: 'No unredeemed voucher is held.',
  },
  PERMIT_INVALID: {
    stage: 'settlement',
    retryable: false,
    todo: 'The relay takes a fee that the permit does not give it; redeem alone or agree to the fee.',
  },
  RELAY_UNTRUE: {
    stage: 'settlement',
    retryable: false,
    todo: 'The chain does not show what the relay said; nothing is lost, choose another relay.',
  },
  INTERNAL: {
    stage: 'start',
    retryable: false,
    todo: 'This is a defect; please report it with the details.',
  },
} as const

export type ErrorCode = keyof typeof JOB_ERROR_CODES | keyof typeof OTHER_ERROR_CODES

export const ERROR_CODES: Readonly<Record<ErrorCode, CodeEntry>> = {
  ...OTHER_ERROR_CODES,
  ...JOB_ERROR_CODES,
}

/** True when the string is a code of the registry; codes from the network are checked with this. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code)
}
