import { expect } from 'chai'
import fc from 'fast-check'
import { isTerminal } from '../../src/dispatch/index.ts'
import type { ClientRun } from '../../src/dispatch/index.ts'
import { creditOf, emptyChannel } from '../../src/settlement/index.ts'
import { JobWorld, PROVIDER } from '../support/job-world.ts'
import type { Link } from '../support/job-world.ts'
import { ENGINE_BROKE } from '../support/scripted-engine.ts'

type Mishap =
  'none' | 'cancel' | 'client dies' | 'provider dies' | 'engine' | 'stall' | 'new stream'

interface Turn {
  mishap: Mishap
  /** Tokens before it happens. */
  at: number
  stopAfter: number
  /** The provider's disk keeps nothing new of this turn. */
  lossy: boolean
}

const turn: fc.Arbitrary<Turn> = fc.record({
  mishap: fc.constantFrom<Mishap>(
    'none',
    'cancel',
    'client dies',
    'provider dies',
    'engine',
    'stall',
    'new stream',
  ),
  at: fc.integer({ min: 0, max: 18 }).map((groups) => groups * 8),
  stopAfter: fc.integer({ min: 1, max: 170 }),
  lossy: fc.boolean(),
})

/** One job, with its mishap, until both sides are done with it. */
async function play(
  world: JobWorld,
  link: Link,
  { mishap, at, stopAfter, lossy }: Turn,
): Promise<Link> {
  const held = new AbortController()
  const released = new Promise<void>((resolve) => {
    held.signal.addEventListener('abort', () => resolve(), { once: true })
  })
  const waits = mishap !== 'none' && mishap !== 'engine' && mishap !== 'new stream'
  world.ledger.disk.held = lossy && mishap === 'provider dies'
  world.engine.script = {
    stopAfter,
    ...(waits ? { gate: (tokens) => (tokens < at ? undefined : released) } : {}),
    ...(mishap === 'engine' ? { failAt: { tokens: at, error: ENGINE_BROKE } } : {}),
  }
  const run = await world.submit(link)
  await world.until(() => reached(run, Math.min(at, stopAfter)), 'the mishap')
  await strike(world, link, run, mishap)
  held.abort()
  await run.ended
  await world.until(() => world.server.inFlight === 0, 'slot free')
  world.ledger.disk.held = false
  const dead = mishap === 'client dies' || mishap === 'provider dies' || mishap === 'new stream'
  return dead ? world.connect() : link
}

function reached(run: ClientRun, tokens: number): boolean {
  const { progress, state } = run.state
  if (isTerminal(state)) return true
  return state !== 'posted' && state !== 'awarded' && progress.ids.length >= tokens
}

async function strike(world: JobWorld, link: Link, run: ClientRun, mishap: Mishap): Promise<void> {
  if (mishap === 'cancel') run.cancel()
  if (mishap === 'client dies') {
    link.client.abort(new Error('gone'))
    await run.ended
    world.payer = world.payer.restarted(world.port)
  }
  if (mishap === 'provider dies') {
    link.provider.abort(new Error('gone'))
    await world.restartProvider()
  }
  if (mishap === 'stall') await world.endWithin(run, 40_000)
}

async function books(world: JobWorld): Promise<{ mine: bigint; theirs: bigint; paid: boolean }> {
  const key = { payer: world.payer.address, provider: PROVIDER }
  const none = emptyChannel(key.payer, key.provider)
  const mine = (await world.payer.ledger.loadChannel(key)) ?? none
  const theirs = (await world.ledger.loadChannel(key)) ?? none
  return { mine: creditOf(mine), theirs: creditOf(theirs), paid: mine.paid >= theirs.paid }
}

describe('a channel', () => {
  it('serves the next job after any sequence of mishaps, without a credit that the other side denies', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(turn, { minLength: 1, maxLength: 6 }), async (turns) => {
        const world = new JobWorld()
        let link = await world.connect()
        for (const one of turns) link = await play(world, link, one)
        world.engine.script = {}
        const run = await world.submit(link)
        const segment = await run.ended
        expect(segment.failure).to.equal(undefined)
        await world.until(() => world.server.inFlight === 0)
        const { mine, paid, theirs } = await books(world)
        expect(mine <= theirs, `${mine} of credit, ${theirs} there`).to.equal(true)
        expect(paid).to.equal(true)
      }),
      { numRuns: 15 },
    )
  })
})
