import { expect } from 'chai'
import { bytesToHex } from '@duckmesh/proto'
import type { AwardFrame, BidSet, Hex, JobHeader, RelayedBid, SignedBid } from '@duckmesh/proto'
import type { ErrorCode } from '../../../src/error-codes.ts'
import { checkAuctionAward } from '../../../src/market/auction/check-auction-award.ts'
import { OwnBids } from '../../../src/market/auction/own-bids.ts'
import { expectCode } from '../../support/expect-code.ts'
import { ownerOf } from '../../support/mesh-fixtures.ts'
import { secret } from '../../support/test-crypto.ts'
import { AuctionFixture, MemoryRecords } from './auction-fixture.ts'

describe('checkAuctionAward', () => {
  let fix: AuctionFixture
  let job: { header: JobHeader; jobId: Hex }
  /** Own bids: d is the best, e the second. */
  let d: SignedBid
  let e: SignedBid
  let bids: RelayedBid[]
  let set: BidSet
  let store: OwnBids

  beforeEach(async () => {
    fix = new AuctionFixture()
    job = await fix.header()
    const cheap = { priceOut: 2n * 10n ** 15n }
    const dear = { priceOut: 5n * 10n ** 15n }
    d = await fix.bid(job, 'd', cheap)
    e = await fix.bid(job, 'e', dear)
    bids = [await fix.relayed(job, 'd', cheap), await fix.relayed(job, 'e', dear)]
    set = await fix.set(job, 'a', bids)
    store = new OwnBids({ records: new MemoryRecords() })
  })

  /** What `label` says to an award, after it bid `signed` to seats a and b. */
  async function check(frame: AwardFrame, label = 'd', signed = label === 'd' ? d : e) {
    await store.save(job.jobId, await fix.own(job, signed, ['a', 'b']))
    return checkAuctionAward(frame, { ...fix.components, bids: store }, ownerOf(label))
  }

  it('takes its own bid at the place of its rank', async () => {
    const { priceIn, priceOut } = d.bid
    const answer = await check(fix.award(job, d, fix.proof([set])))
    expect(answer).to.deep.equal({ place: 0, priceIn, priceOut })
  })

  it('takes a backup only from the segment of its place on', async () => {
    const proof = fix.proof([set])
    await expectCode('CHOICE_WRONG', () => check(fix.award(job, e, proof), 'e'))
    expect((await check(fix.award(job, e, proof, { segment: 1 }), 'e')).place).to.equal(1)
    expect((await check(fix.award(job, e, proof, { segment: 7 }), 'e')).place).to.equal(1)
  })

  it('takes the rest of a failed segment in its bigger bucket', async () => {
    const proof = fix.proof([set])
    const rest = { segment: 1, fromToken: 28, inBucket: 128, maxTokens: 100 }
    expect((await check(fix.award(job, e, proof, rest), 'e')).place).to.equal(1)
    for (const wrong of [{ inBucket: 64 }, { maxTokens: 128 }, { fromToken: 128, maxTokens: 1 }]) {
      const frame = fix.award(job, e, proof, { ...rest, ...wrong })
      await expectCode('AWARD_INVALID', () => check(frame, 'e'))
    }
  })

  const refused: [name: string, code: ErrorCode, make: () => AwardFrame | Promise<AwardFrame>][] = [
    ['without a proof', 'MATCH_INVALID', () => fix.award(job, d, undefined)],
    ['without a match in its proof', 'MATCH_INVALID', () => fix.award(job, d, fix.proof([]))],
    [
      'at a lower price',
      'PRICE_MISMATCH',
      () => fix.award(job, d, fix.proof([set]), { priceOut: d.bid.priceOut - 1n }),
    ],
    [
      'at a higher prompt price',
      'PRICE_MISMATCH',
      () => fix.award(job, d, fix.proof([set]), { priceIn: d.bid.priceIn + 1n }),
    ],
    [
      'that names another bid',
      'BID_INVALID',
      () => fix.award(job, d, fix.proof([set]), { bidHash: bytesToHex(secret('bid')) }),
    ],
    [
      'that names another match',
      'MATCH_INVALID',
      () => fix.award(job, d, fix.proof([set]), { matchHash: bytesToHex(secret('match')) }),
    ],
    [
      'issued after the bid expired',
      'BID_INVALID',
      () => fix.award(job, d, fix.proof([set]), { issuedAt: d.bid.expiry }),
    ],
    [
      'opened with another secret',
      'BID_INVALID',
      () => fix.award(job, d, fix.proof([set], { replySecret: bytesToHex(secret('reply other')) })),
    ],
    [
      'of another attempt',
      'BID_INVALID',
      async () => {
        const other = await fix.set(job, 'a', bids, { attempt: 1 })
        return fix.award(job, d, fix.proof([other]))
      },
    ],
    [
      'by a seat that was never asked',
      'STALE_SEAT',
      async () => {
        const stranger = await fix.set(job, 'c', bids)
        return fix.award(job, d, fix.proof([stranger]))
      },
    ],
    [
      'by a seat of a distant turn',
      'STALE_SEAT',
      async () => {
        const old = await fix.set(job, 'a', bids, { turn: fix.turn().turn + 9 })
        return fix.award(job, d, fix.proof([old]))
      },
    ],
    [
      'of a match without its bid',
      'CHOICE_WRONG',
      async () => {
        const without = await fix.set(job, 'a', bids.slice(1))
        return fix.award(job, d, fix.proof([without]))
      },
    ],
    [
      'of a match with another bid of its own',
      'BID_INVALID',
      async () => {
        const other = await fix.relayed(job, 'd', { priceOut: 10n ** 15n })
        return fix.award(job, d, fix.proof([await fix.set(job, 'a', [other])]))
      },
    ],
    [
      'when the client excluded it',
      'CHOICE_WRONG',
      () => fix.award(job, d, fix.proof([set], { excluded: [ownerOf('d')] })),
    ],
  ]
  for (const [name, code, make] of refused) {
    it(`refuses an award ${name}: ${code}`, async () => {
      const frame = await make()
      await expectCode(code, () => check(frame))
    })
  }

  it('refuses an award to a worse bidder while a better one was not excluded: CHOICE_WRONG', async () => {
    const shown = fix.proof([set])
    await expectCode('CHOICE_WRONG', () => check(fix.award(job, e, shown), 'e'))
    const hidden = fix.proof([set], { excluded: [ownerOf('d')] })
    expect((await check(fix.award(job, e, hidden), 'e')).place).to.equal(0)
  })

  it('refuses what it never bid for, and knows its bid after a restart', async () => {
    const records = new MemoryRecords()
    const frame = fix.award(job, d, fix.proof([set]))
    const after = { ...fix.components, bids: new OwnBids({ records }) }
    await expectCode('BID_INVALID', () => checkAuctionAward(frame, after, ownerOf('d')))
    await new OwnBids({ records }).save(job.jobId, await fix.own(job, d, ['a']))
    expect((await checkAuctionAward(frame, after, ownerOf('d'))).place).to.equal(0)
  })
})
