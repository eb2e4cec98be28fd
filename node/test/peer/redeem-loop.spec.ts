import { DuckMeshError } from '@duckmesh/protocols'
import type {
  ChannelRow,
  LedgerStore,
  Redemption,
  ServiceRow,
} from '@duckmesh/protocols/settlement'
import { expect } from 'chai'
import { RedeemLoop } from '../../src/peer/redeem-loop.ts'
import type { RedeemPolicy } from '../../src/peer/redeem-loop.ts'
import { ManualClock } from '../manual-clock.ts'
import { NotedLogs } from '../noted-logs.ts'
import { settle } from '../settle.ts'
import { channelRow, hexOfDigit } from '../storage/rows.ts'

const PAID: Redemption = {
  hash: hexOfDigit('c', 32),
  kind: 'jobs',
  vouchers: 1,
  gasUsed: 60_000n,
  burnt: 0n,
  skipped: [],
}

/** A provider's book and redeemer as a test wants them. */
class Desk {
  readonly clock = new ManualClock()
  readonly logger = new NotedLogs()
  redemptions = 0
  told = PAID
  failure: Error | undefined
  /** Wei that every payer is taking back. */
  thawing = 0n
  /** What this node earned as a seat. */
  readonly fees: ServiceRow[] = []
  readonly #rows = new Map<string, ChannelRow>()
  readonly loop: RedeemLoop

  constructor(policy: RedeemPolicy) {
    const rows = this.#rows
    const ledger: LedgerStore = {
      loadChannel: () => Promise.resolve(undefined),
      saveChannel: () => Promise.resolve(),
      listChannels: () => Promise.resolve([...rows.values()]),
    }
    const redeemer = { redeem: () => this.#redeem() }
    const { clock, logger } = this
    const port = {
      channel: () => Promise.resolve({ allotted: 9n, redeemed: 0n, thawing: this.thawing }),
    }
    const services = { listServices: () => Promise.resolve(this.fees) }
    this.loop = new RedeemLoop({ clock, ledger, logger, port, redeemer, services }, policy)
  }

  /** A voucher of another payer. */
  hold(digit: string): void {
    const payer = hexOfDigit(digit, 20)
    const voucher = { payer, provider: payer, cumulative: 5n, epoch: 0 }
    const signed = { voucher, signature: hexOfDigit('5', 65) }
    this.#rows.set(digit, channelRow({ payer, paid: 5n, voucher: signed }))
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 500) {
      this.clock.advance(500)
      await settle()
    }
  }

  #redeem(): Promise<Redemption[]> {
    this.redemptions += 1
    if (this.failure !== undefined) return Promise.reject(this.failure)
    this.#rows.clear()
    this.fees.length = 0
    return Promise.resolve([this.told])
  }
}

describe('RedeemLoop', () => {
  it('redeems what waited for the time of the policy, and not before', async () => {
    const desk = new Desk({ afterMs: 60_000, minVouchers: 64 })
    desk.hold('1')
    desk.loop.start()
    // It is seen at the first look, after 10 s.
    await desk.pass(69_500)
    expect(desk.redemptions).to.equal(0)
    await desk.pass(500)
    expect(desk.redemptions).to.equal(1)
    expect(desk.logger.of('vouchers.redeemed')).to.deep.equal([
      { hash: PAID.hash, vouchers: 1, gasUsed: '60000' },
    ])
    desk.loop.stop()
  })

  it('tells what a relay took', async () => {
    const desk = new Desk({ afterMs: 0, minVouchers: 1 })
    desk.told = { ...PAID, relayFee: 7n }
    desk.hold('1')
    desk.loop.start()
    await desk.pass(10_000)
    expect(desk.logger.of('vouchers.redeemed')).to.deep.equal([
      { hash: PAID.hash, vouchers: 1, gasUsed: '60000', relayFee: '7' },
    ])
    desk.loop.stop()
  })

  it('redeems at once when enough channels have something', async () => {
    const desk = new Desk({ afterMs: 3_600_000, minVouchers: 2 })
    desk.hold('1')
    desk.loop.start()
    await desk.pass(20_000)
    expect(desk.redemptions).to.equal(0)
    desk.hold('2')
    await desk.pass(10_000)
    expect(desk.redemptions).to.equal(1)
    desk.loop.stop()
  })

  it('redeems within 10 s when a payer takes back what a voucher needs, however long the policy would wait', async () => {
    const desk = new Desk({ afterMs: 3_600_000, minVouchers: 64 })
    desk.hold('1')
    desk.loop.start()
    await desk.pass(20_000)
    expect(desk.redemptions).to.equal(0)
    // 5 of 9 wei are signed: taking back 4 leaves them covered, taking back 5 does not.
    desk.thawing = 4n
    await desk.pass(20_000)
    expect(desk.redemptions).to.equal(0)
    desk.thawing = 5n
    await desk.pass(10_000)
    expect(desk.redemptions).to.equal(1)
    desk.loop.stop()
  })

  it('counts what it earned as a seat as well', async () => {
    const desk = new Desk({ afterMs: 3_600_000, minVouchers: 2 })
    desk.hold('1')
    desk.loop.start()
    await desk.pass(20_000)
    expect(desk.redemptions).to.equal(0)
    const [payer, provider] = [hexOfDigit('1', 20), hexOfDigit('2', 20)]
    const signature = hexOfDigit('5', 65)
    const voucher = { voucher: { payer, provider, cumulative: 5n }, signature }
    desk.fees.push({ payer, provider, paid: 5n, due: 5n, redeemed: 0n, voucher })
    await desk.pass(10_000)
    expect(desk.redemptions).to.equal(1)
    desk.loop.stop()
  })

  it('does nothing while nothing is held, and counts the time anew after a redemption', async () => {
    const desk = new Desk({ afterMs: 20_000, minVouchers: 64 })
    desk.loop.start()
    await desk.pass(120_000)
    expect(desk.redemptions).to.equal(0)
    desk.hold('1')
    await desk.pass(30_000)
    expect(desk.redemptions).to.equal(1)
    desk.hold('2')
    await desk.pass(20_000)
    expect(desk.redemptions).to.equal(1)
    await desk.pass(10_000)
    expect(desk.redemptions).to.equal(2)
    desk.loop.stop()
  })

  it('looks twice a second at most, however short the time is', async () => {
    const desk = new Desk({ afterMs: 0, minVouchers: 64 })
    desk.loop.start()
    expect(desk.clock.pending).to.deep.equal([500])
    desk.hold('1')
    await desk.pass(500)
    expect(desk.redemptions).to.equal(1)
    desk.loop.stop()
  })

  it('goes on after a redemption that failed', async () => {
    const desk = new Desk({ afterMs: 0, minVouchers: 1 })
    desk.failure = new DuckMeshError('CHAIN_UNREACHABLE', 'No answer.')
    desk.hold('1')
    desk.loop.start()
    await desk.pass(1_000)
    expect(desk.redemptions).to.equal(2)
    expect(desk.logger.of('vouchers.not_redeemed')[0]).to.deep.equal({ code: 'CHAIN_UNREACHABLE' })
    desk.failure = undefined
    await desk.pass(500)
    expect(desk.logger.of('vouchers.redeemed')).to.have.length(1)
    desk.loop.stop()
  })

  it('sets no timer when it is stopped while it looks', async () => {
    const desk = new Desk({ afterMs: 0, minVouchers: 1 })
    desk.loop.start()
    desk.clock.advance(500)
    desk.loop.stop()
    await settle()
    expect(desk.clock.pending).to.deep.equal([])
  })
})
