import {
  BaseError,
  HttpRequestError,
  InsufficientFundsError,
  TimeoutError,
  WebSocketRequestError,
  decodeErrorResult,
  isHex,
  type Hex,
} from 'viem'
import { errorsAbi } from './abi/errors.ts'
import { adviceFor } from './error-advice.ts'

/** A refusal of a contract: the name of its custom error, the arguments, and what to do about it. */
export interface Revert {
  code: string
  args: readonly unknown[]
  message: string
}

/**
 * What every action throws. `code` is the name of the contract's custom error (`INSUFFICIENT_STAKE`,
 * `InsufficientBalance`, …), or one of `CHAIN_REVERTED`, `CHAIN_UNREACHABLE`, `GAS_FUNDS_MISSING`, `WRONG_CHAIN`,
 * `BATCH_INVALID`, `SIGNATURE_INVALID`, `PARAMETERS_INVALID`, `DEPLOYMENT_MISMATCH`, `CHAIN_CALL_FAILED`.
 */
export class ContractError extends Error {
  readonly code: string
  readonly args: readonly unknown[]
  readonly stage = 'chain'
  readonly retryable: boolean

  constructor({ code, args, message }: Revert, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'ContractError'
    this.code = code
    this.args = args
    this.retryable = retryableCodes.has(code)
  }
}

/** A later call with the same arguments may succeed: time passes, nodes come back. */
const retryableCodes = new Set([
  'CHAIN_UNREACHABLE',
  'FutureLookup',
  'RevealTooEarly',
  'SeedNotFixed',
  'StillThawing',
  'TooEarly',
])

/** The refusal inside whatever viem threw, or undefined when no contract refused. */
export function decodeRevert(error: unknown): Revert | undefined {
  const data = revertData(error)
  return data === undefined ? undefined : decodeRevertData(data)
}

/** Explains the bytes a reverted call returned. Unknown errors get the code `CHAIN_REVERTED`. */
export function decodeRevertData(data: Hex): Revert {
  try {
    // viem leaves `args` out for an error without arguments, whatever its types say
    const decoded: { errorName: string; args?: readonly unknown[] } = decodeErrorResult({
      abi: errorsAbi,
      data,
    })
    const { errorName, args = [] } = decoded
    return { code: errorName, args, message: adviceFor(errorName, args) }
  } catch {
    return { code: 'CHAIN_REVERTED', args: [data], message: adviceFor('CHAIN_REVERTED', [data]) }
  }
}

/** Turns whatever viem threw into a `ContractError`; one that is one already passes through. */
export function toContractError(error: unknown): ContractError {
  if (error instanceof ContractError) return error
  const code = codeWithoutRevert(error)
  return new ContractError(
    decodeRevert(error) ?? { code, args: [], message: adviceFor(code, []) },
    error,
  )
}

/** Awaits a call to the chain and lets only a `ContractError` out. */
export async function guarded<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    throw toContractError(error)
  }
}

function codeWithoutRevert(error: unknown): string {
  for (const cause of causes(error)) {
    if (cause instanceof InsufficientFundsError) return 'GAS_FUNDS_MISSING'
    if (unreachable.some((kind) => cause instanceof kind)) return 'CHAIN_UNREACHABLE'
  }
  return 'CHAIN_CALL_FAILED'
}

const unreachable = [HttpRequestError, WebSocketRequestError, TimeoutError]

/** viem keeps the bytes as `raw` or `data`, the latter also nested, somewhere down the chain of causes. */
function revertData(error: unknown): Hex | undefined {
  for (const cause of causes(error)) {
    for (const value of [field(cause, 'raw'), field(cause, 'data')]) {
      const data = typeof value === 'object' ? field(value, 'data') : value
      if (isHex(data) && data.length >= 10) return data
    }
  }
  return undefined
}

function* causes(error: unknown): Generator {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    yield cause
    // the node's own answer is a plain object below viem's errors
    if (cause instanceof BaseError && !(cause.cause instanceof Error)) yield cause.cause
  }
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return (value as Record<string, unknown>)[name]
}
