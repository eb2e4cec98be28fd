import { DuckMeshError } from '@duckmesh/protocols'
import { expect } from 'chai'
import { Housekeeper } from '../../src/peer/housekeeper.ts'
import { ManualClock } from '../manual-clock.ts'
import { NotedLogs } from '../noted-logs.ts'
import { settle } from '../settle.ts'

const HOUR_MS = 3_600_000
const NOW = 1_800_000_000_000
type Forget = ['completionIds' | 'receipts', number]

function keeperOf(failure?: Error) {
  const clock = new ManualClock(NOW)
  const logger = new NotedLogs()
  const asked: Forget[] = []
  const forget = (...args: Forget): Promise<number> => {
    asked.push(args)
    return failure === undefined ? Promise.resolve(0) : Promise.reject(failure)
  }
  return { asked, clock, keeper: new Housekeeper({ clock, jobs: { forget }, logger }), logger }
}

describe('Housekeeper', () => {
  it('drops results after 48 h and receipts after 7 d, at the start and every hour', async () => {
    const { asked, clock, keeper } = keeperOf()
    keeper.start()
    await settle()
    expect(asked).to.deep.equal([
      ['completionIds', NOW - 48 * HOUR_MS],
      ['receipts', NOW - 7 * 24 * HOUR_MS],
    ])
    clock.advance(HOUR_MS - 1)
    await settle()
    expect(asked).to.have.length(2)
    clock.advance(1)
    await settle()
    expect(asked.slice(2)).to.deep.equal([
      ['completionIds', NOW - 47 * HOUR_MS],
      ['receipts', NOW - (7 * 24 - 1) * HOUR_MS],
    ])
    keeper.stop()
    expect(clock.pending).to.deep.equal([])
  })

  it('goes on when the store fails', async () => {
    const { clock, keeper, logger } = keeperOf(new DuckMeshError('STORE_CORRUPT', 'No.'))
    keeper.start()
    await settle()
    expect(logger.of('store.not_tidied')).to.deep.equal([{ code: 'STORE_CORRUPT' }])
    expect(clock.pending).to.deep.equal([NOW + HOUR_MS])
  })

  it('sets no timer when it is stopped while it tidies', async () => {
    const { clock, keeper } = keeperOf()
    keeper.start().stop()
    await settle()
    expect(clock.pending).to.deep.equal([])
  })
})
