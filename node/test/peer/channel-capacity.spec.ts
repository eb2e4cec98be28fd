import type { ChannelRow } from '@duckmesh/protocols/settlement'
import { expect } from 'chai'
import { LedgerCapacity } from '../../src/peer/channel-capacity.ts'
import { PAYER, PROVIDER, channelRow, hexOfDigit } from '../storage/rows.ts'

const CHAIN = { allotted: 100n, redeemed: 30n, thawing: 10n }

function coveredWith(row: ChannelRow | undefined, chain = CHAIN): Promise<bigint> {
  const capacity = new LedgerCapacity({
    ledger: { loadChannel: () => Promise.resolve(row) },
    port: { channel: () => Promise.resolve(chain) },
    provider: PROVIDER,
  })
  return capacity.covered(PAYER)
}

describe('LedgerCapacity', () => {
  it('is what the chain shows while this node holds nothing of the payer', async () => {
    expect(await coveredWith(undefined)).to.equal(60n)
  })

  it('takes off what vouchers earned that the chain has not paid yet', async () => {
    expect(await coveredWith(channelRow({ paid: 50n, settled: 50n, redeemed: 30n }))).to.equal(40n)
  })

  it('takes off what running segments hold, and not the credit that the payer has', async () => {
    const open = [{ jobId: hexOfDigit('1', 32), segment: 0, prepaid: 25n, used: 5n }]
    // 50 earned, 25 held, 5 of 80 signed wei are credit for the next job.
    expect(await coveredWith(channelRow({ paid: 80n, settled: 50n, open }))).to.equal(15n)
  })

  it('is 0 and not below when the payer takes its money back', async () => {
    const row = channelRow({ paid: 95n, settled: 95n })
    expect(await coveredWith(row)).to.equal(0n)
  })
})
