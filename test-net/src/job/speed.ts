/** How fast the providers of a job drew their tokens, as the client saw it and as their engines counted it. */
import { lowerHex } from '@duckmesh/protocols'
import type { Hex } from '@duckmesh/protocols'
import type { PeerStatus } from '@duckmesh/node'
import type { DevnetProvider } from '../devnet.ts'
import type { WinnerReport } from './interface.ts'

type Counters = Pick<PeerStatus['engine'], 'decodedTokens' | 'decodeMs'>

/** Longest answer to a question for its counters, ms. */
const STATUS_TIMEOUT_MS = 10_000

/** When a segment entered its states, milliseconds since 1970. */
type States = readonly { state: string; atMs: number }[]

/** From the award to the last receipt; null when one of them is missing. */
export function streamSpeed(tokens: number, states: States): number | null {
  const at = (wanted: string): number | undefined =>
    states.find(({ state }) => state === wanted)?.atMs
  const [from, to] = [at('awarded'), at('completed')]
  return from === undefined || to === undefined ? null : perSecond(tokens, to - from)
}

/** Tokens by second; null when nothing was drawn or no time passed. */
export function perSecond(tokens: number, ms: number): number | null {
  return tokens > 0 && ms > 0 ? Math.round((tokens * 10_000) / ms) / 10 : null
}

/** Reads the counters of every provider's engine, by owner address. */
export async function readEngines(
  providers: readonly DevnetProvider[],
): Promise<Map<Hex, Counters>> {
  const told = providers.map(async ({ child, owner }) => {
    const { engine } = await child.ask<Pick<PeerStatus, 'engine'>>('status', {}, STATUS_TIMEOUT_MS)
    return [lowerHex(owner.address), engine] as const
  })
  return new Map(await Promise.all(told))
}

/** The same winners with the speed of their engines between two readings; only what was drawn between them counts. */
export function withEngineSpeed(
  winners: readonly WinnerReport[],
  before: ReadonlyMap<Hex, Counters>,
  after: ReadonlyMap<Hex, Counters>,
): WinnerReport[] {
  return winners.map((winner) => {
    const [from, to] = [before.get(winner.provider), after.get(winner.provider)]
    if (from === undefined || to === undefined) return winner
    const tokens = to.decodedTokens - from.decodedTokens
    return { ...winner, engineTokensPerSecond: perSecond(tokens, to.decodeMs - from.decodeMs) }
  })
}
