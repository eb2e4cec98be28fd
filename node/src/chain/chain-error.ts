import { ContractError } from '@duckmesh/contracts'
import { DuckMeshError, isErrorCode } from '@duckmesh/protocols'
import type { ErrorCode } from '@duckmesh/protocols'
import {
  BaseError,
  HttpRequestError,
  TimeoutError,
  WaitForTransactionReceiptTimeoutError,
} from 'viem'

/** Custom errors of the contracts that have another name in the registry of codes. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  AllotmentExceeded: 'ALLOTMENT_EXCEEDED',
  InsufficientBalance: 'BALANCE_INSUFFICIENT',
  ERC20InsufficientBalance: 'BALANCE_INSUFFICIENT',
  InvalidSignature: 'VOUCHER_INVALID',
}

/** What an action or viem threw, as an error of the registry; refusals of contracts keep name and arguments. */
export function toChainError(error: unknown): DuckMeshError {
  if (error instanceof DuckMeshError) return error
  if (error instanceof ContractError) return ofContract(error)
  if (error instanceof WaitForTransactionReceiptTimeoutError) {
    return new DuckMeshError('TIMED_OUT', error.shortMessage, { cause: error })
  }
  if (error instanceof BaseError && isUnreachable(error)) {
    return new DuckMeshError('CHAIN_UNREACHABLE', 'The chain did not answer.', { cause: error })
  }
  const what = error instanceof BaseError ? error.shortMessage : String(error)
  return new DuckMeshError('CHAIN_REVERTED', `The call to the chain failed: ${what}`, {
    cause: error,
  })
}

/** Lets only errors of the registry out. */
export async function chainCall<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    throw toChainError(error)
  }
}

function ofContract(error: ContractError): DuckMeshError {
  const named = isErrorCode(error.code) ? error.code : CODES[error.code]
  const code = named ?? 'CHAIN_REVERTED'
  return new DuckMeshError(code, error.message, {
    cause: error,
    details: { error: error.code, args: error.args.map(String) },
  })
}

function isUnreachable(error: BaseError): boolean {
  const found = error.walk(
    (cause) => cause instanceof HttpRequestError || cause instanceof TimeoutError,
  )
  return found !== null
}
