import {
  concatHex,
  isAddress,
  isHex,
  numberToHex,
  parseSignature,
  serializeCompactSignature,
  signatureToCompactSignature,
  size,
  type Address,
  type Hex,
} from 'viem'
import { MAX_BATCH } from './constants.ts'
import { ContractError } from './errors.ts'

/** A voucher as it goes into a batch; the provider is that of the batch and the epoch is 0. */
export interface SignedVoucher {
  payer: Address
  /** wei, below 2^96 */
  cumulative: bigint
  /** By the payer: 65 bytes (r, s, v) or 64 bytes (EIP-2098). */
  signature: Hex
}

const UINT96_LIMIT = 2n ** 96n

/**
 * Packs vouchers for `finalizeJobs`: per voucher payer 20 | cumulative 12 | signature 64 bytes.
 *
 * Throws `BATCH_INVALID` for none, for more than `MAX_BATCH` and for a field out of range, and `SIGNATURE_INVALID`
 * for bytes that are no signature. Whether a signature is the payer's, only the contract says.
 */
export function packVouchers(vouchers: readonly SignedVoucher[]): Hex {
  if (vouchers.length === 0 || vouchers.length > MAX_BATCH) {
    throw invalidBatch(`A batch holds 1 to ${MAX_BATCH} vouchers, not ${vouchers.length}.`)
  }
  return concatHex(vouchers.map(packVoucher))
}

function packVoucher({ payer, cumulative, signature }: SignedVoucher): Hex {
  if (!isAddress(payer, { strict: false })) {
    throw invalidBatch('The payer of a voucher is no address.')
  }
  if (cumulative < 0n || cumulative >= UINT96_LIMIT) {
    throw invalidBatch('The cumulative amount of a voucher is not within 0 to 2^96 - 1 wei.')
  }
  return concatHex([payer, numberToHex(cumulative, { size: 12 }), toCompactSignature(signature)])
}

/** The EIP-2098 form (64 bytes) of a signature of 65 or 64 bytes. Throws `SIGNATURE_INVALID` for anything else. */
export function toCompactSignature(signature: Hex): Hex {
  if (!isHex(signature)) throw invalidSignature()
  if (size(signature) === 64) return signature
  if (size(signature) !== 65) throw invalidSignature()
  try {
    return serializeCompactSignature(signatureToCompactSignature(parseSignature(signature)))
  } catch (cause) {
    throw invalidSignature(cause)
  }
}

const invalidBatch = (message: string): ContractError =>
  new ContractError({ code: 'BATCH_INVALID', args: [], message })

const invalidSignature = (cause?: unknown): ContractError =>
  new ContractError(
    {
      code: 'SIGNATURE_INVALID',
      args: [],
      message: 'A signature is 65 bytes (r, s, v) or 64 bytes (EIP-2098), in hex.',
    },
    cause,
  )
