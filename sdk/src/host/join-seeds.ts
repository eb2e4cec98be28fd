/** A light client's way into the mesh: the first seed that answers. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { Clock } from '@duckmesh/protocols'
import { multiaddr } from '@multiformats/multiaddr'
import type { Multiaddr } from '@multiformats/multiaddr'
import { timeLimit } from '../time-limit.ts'
import type { ClientHost } from './create-client-host.ts'

export interface JoinOptions {
  clock: Clock
  /** How long to try, ms. */
  timeoutMs: number
  signal?: AbortSignal | undefined
}

/**
 * Dials all seeds at the same time and resolves when the first answers. Rejects with NO_PEERS, whose details
 * say why each failed, with CONFIG_INVALID for an address that is none, or with CANCELLED.
 */
export async function joinSeeds(
  host: Pick<ClientHost, 'dial'>,
  seeds: readonly string[],
  options: JoinOptions,
): Promise<void> {
  const addresses = seeds.map(seedAddress)
  if (addresses.length === 0) throw invalidSeeds('No seed is given')
  const { clock, signal, timeoutMs } = options
  const limit = timeLimit(clock, timeoutMs, signal === undefined ? [] : [signal])
  const dials = addresses.map((address) => host.dial(address, { signal: limit.signal }))
  void Promise.allSettled(dials).then(() => {
    limit.clear()
  })
  try {
    await Promise.any(dials)
  } catch (cause) {
    if (signal?.aborted === true)
      throw new DuckMeshError('CANCELLED', 'Joining was cancelled.', { cause })
    throw noPeers(seeds, cause)
  }
}

function seedAddress(seed: string): Multiaddr {
  try {
    return multiaddr(seed)
  } catch (cause) {
    throw invalidSeeds(`The seed ${seed} is no multiaddr`, cause)
  }
}

function invalidSeeds(what: string, cause?: unknown): DuckMeshError {
  const details = { option: 'network.seeds' }
  return new DuckMeshError('CONFIG_INVALID', `${what}.`, { cause, details })
}

/** `cause` holds one error per seed, in the order of the seeds. */
function noPeers(seeds: readonly string[], cause: unknown): DuckMeshError {
  const errors: unknown[] = cause instanceof AggregateError ? cause.errors : [cause]
  const tried = seeds.map((seed, i) => `${seed}: ${reasonOf(errors[i])}`)
  return new DuckMeshError(
    'NO_PEERS',
    `None of ${seeds.length} seeds answered: ${tried.join('; ')}.`,
    {
      cause,
      details: { tried },
    },
  )
}

/** The innermost message: the dial queue wraps what the socket said. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : reasonOf(error.cause)
}
