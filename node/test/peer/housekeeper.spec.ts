import { DuckMeshError } from '@duckmesh/protocols'
import { expect } from 'chai'
import { Housekeeper } from '../../src/peer/housekeeper.ts'
import { ManualClock } from '../manual-clock.ts'
import { NotedLogs } from '../noted-logs.ts'
import { settle } from '../settle.ts'

const HOUR_MS = 3_600_000
const NOW = 1_800_000_000_000
const WEEK_MS = 7 * 24 * HOUR_MS

function keeperOf(answer: Promise<number> = Promise.resolve(0)) {
  const clock = new ManualClock(NOW)
  const logger = new NotedLogs()
  const asked: [string, number][] = []
  const forget = (what: string, beforeMs: number): Promise<number> => {
    asked.push([what, beforeMs])
    return answer
  }
  const keeper = new Housekeeper({ clock, jobs: { forget }, logger, records: { forget } })
  return { asked, clock, keeper, logger }
}

/** What one round drops, and what was made before which time. */
function roundAt(now: number): [string, number][] {
  return [
    ['completionIds', now - 48 * HOUR_MS],
    ['receipts', now - WEEK_MS],
    // Their time stamp is when they expire.
    ['match', now],
    ['bid', now],
    ['evidence', now - WEEK_MS],
    ['transcript', now - WEEK_MS],
    ['idempotency', now - 24 * HOUR_MS],
  ]
}

describe('Housekeeper', () => {
  it('drops results, receipts and records whose time is over, at the start and every hour', async () => {
    const { asked, clock, keeper } = keeperOf()
    keeper.start()
    await settle()
    expect(asked).to.deep.equal(roundAt(NOW))
    clock.advance(HOUR_MS - 1)
    await settle()
    expect(asked).to.have.length(7)
    clock.advance(1)
    await settle()
    expect(asked.slice(7)).to.deep.equal(roundAt(NOW + HOUR_MS))
    await keeper.stop()
    expect(clock.pending).to.deep.equal([])
  })

  it('goes on when the store fails', async () => {
    const { clock, keeper, logger } = keeperOf(
      Promise.reject(new DuckMeshError('STORE_CORRUPT', 'No.')),
    )
    keeper.start()
    await settle()
    expect(logger.of('store.not_tidied')).to.deep.equal([{ code: 'STORE_CORRUPT' }])
    expect(clock.pending).to.deep.equal([NOW + HOUR_MS])
  })

  it('ends what it began and begins nothing more when it is stopped while it tidies', async () => {
    const dropped = Promise.withResolvers<number>()
    const { asked, clock, keeper } = keeperOf(dropped.promise)
    let isStopped = false
    const stopped = keeper
      .start()
      .stop()
      .then(() => {
        isStopped = true
      })
    await settle()
    expect(isStopped, 'the store is in use').to.equal(false)
    dropped.resolve(0)
    await stopped
    expect(asked).to.have.length(1)
    expect(clock.pending).to.deep.equal([])
  })
})
