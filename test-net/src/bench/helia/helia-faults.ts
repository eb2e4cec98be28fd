/** What becomes of a download when one of three holders lies or dies, or the fetcher itself is killed. */
import type { Usage } from '../fetch/answer-usage.ts'
import { round } from '../stats.ts'
import type { FetchTold } from './fetch-told.ts'
import { SIDES } from './sides.ts'
import type { Side } from './sides.ts'
import { FETCH_TIMEOUT_MS } from './stage.ts'
import type { Stage } from './stage.ts'

/** How one disturbed download ended. */
export interface FaultOutcome {
  /** Whether the whole, right file was there in the end. */
  finished: boolean
  ms: number
  blamed: number
  /** Bytes that the holders who live sent, as a multiple of the file. */
  sent: number
}

export interface Faults {
  /** One of three holders sends wrong bytes. */
  liar: FaultOutcome
  /** One of three holders is killed when half of the file is there. */
  holderKilled: FaultOutcome
  /** The fetcher is killed with -9 at half of the file, and another one goes on; told is the second one. */
  fetcherKilled: FaultOutcome & { resumed: number }
}

export type FaultReport = Record<'own' | 'helia', Faults>

/** `liars` has a liar among its holders, `stage` none; holders of `stage` are gone after it. */
export async function measureFaults(stage: Stage, liars: Stage): Promise<FaultReport> {
  return {
    own: await faultsOf('own3', stage, liars),
    helia: await faultsOf('helia3', stage, liars),
  }
}

async function faultsOf(key: Side['key'], stage: Stage, liars: Stage): Promise<Faults> {
  const side = SIDES.find((one) => one.key === key) ?? SIDES[0]
  if (side === undefined) throw new Error('There is no side.')
  // Own holders hash a file once, when it is first asked for.
  if (side.protocol === 'own') {
    for (const one of [stage, liars]) await outcome(one, side, () => one.fetch(side))
  }
  const liar = await outcome(liars, side, () => liars.fetch(side))
  const fetcherKilled = await killedFetcher(stage, side)
  const holderKilled = await outcome(stage, side, () => killedHolder(stage, side))
  return { liar, holderKilled, fetcherKilled }
}

/** The holder that sent most is the one whose death hurts. */
async function killedHolder(stage: Stage, side: Side): Promise<FetchTold> {
  const before = await stage.usage(side)
  const fetcher = stage.fetcher(side)
  const { children } = stage.holders(side)
  const done = stage.finished(fetcher)
  // Awaited below; should it fail before, that is no unhandled rejection.
  done.catch(() => undefined)
  await Promise.race([fetcher.event('half', FETCH_TIMEOUT_MS), done])
  const sent = sentSince(before, await stage.usage(side))
  const busiest = children[sent.indexOf(Math.max(...sent))]
  busiest?.process.kill('SIGKILL')
  await busiest?.exited
  return done
}

async function killedFetcher(stage: Stage, side: Side): Promise<Faults['fetcherKilled']> {
  const fetcher = stage.fetcher(side)
  await fetcher.event('half', FETCH_TIMEOUT_MS)
  fetcher.process.kill('SIGKILL')
  await fetcher.exited
  let resumed = 0
  const second = await outcome(stage, side, async () => {
    const told = await stage.fetch(side)
    resumed = round(told.resumedBytes / stage.bytes)
    return told
  })
  return { ...second, resumed }
}

async function outcome(
  stage: Stage,
  side: Side,
  work: () => Promise<FetchTold>,
): Promise<FaultOutcome> {
  const before = await stage.usage(side)
  const told = await work().catch((): undefined => undefined)
  const sentBytes = sentSince(before, await stage.usage(side)).reduce((sum, one) => sum + one, 0)
  await stage.clear()
  const { blamed, ms } = told ?? { blamed: 0, ms: FETCH_TIMEOUT_MS }
  const sent = round(sentBytes / stage.bytes)
  return { finished: told !== undefined, ms: Math.round(ms), blamed, sent }
}

/** Bytes of each holder; 0 of those that are gone. */
function sentSince(
  before: readonly (Usage | undefined)[],
  after: readonly (Usage | undefined)[],
): number[] {
  return after.map((usage, i) =>
    usage === undefined ? 0 : usage.sentBytes - (before[i]?.sentBytes ?? 0),
  )
}
