import { expect } from 'chai'
import fc from 'fast-check'
import type { SignedVoucher } from '@duckmesh/proto'
import { adoptVoucher, closeAll, closeReservation, creditOf } from '../../src/settlement/index.ts'
import { cumulativeFor, dueOf, emptyChannel, reservationOf } from '../../src/settlement/index.ts'
import { reserve, restoreVoucher, spentOf, useReserved } from '../../src/settlement/index.ts'
import type { ChannelRow } from '../../src/settlement/index.ts'

const PAYER = `0x${'01'.repeat(20)}` as const
const PROVIDER = `0x${'02'.repeat(20)}` as const
const key = (n: number): { jobId: `0x${string}`; segment: number } => ({
  jobId: `0x${n.toString(16).padStart(64, '0')}`,
  segment: 0,
})

/** Signatures are not looked at here. */
function voucherFor(cumulative: bigint): SignedVoucher {
  const voucher = { payer: PAYER, provider: PROVIDER, cumulative, epoch: 0 }
  return { voucher, signature: `0x${'00'.repeat(65)}` }
}

function pay(row: ChannelRow, n: number, amount: bigint): ChannelRow {
  return reserve(row, key(n), amount, voucherFor(cumulativeFor(row, amount)))
}

function expectSound(row: ChannelRow): void {
  const held = row.open.reduce((sum, { prepaid }) => sum + prepaid, 0n)
  expect(row.paid).to.equal(row.settled + held + creditOf(row))
  expect(creditOf(row) >= 0n, 'credit').to.equal(true)
  for (const { used, prepaid } of row.open) expect(used <= prepaid, 'used').to.equal(true)
  expect(row.voucher?.voucher.cumulative ?? 0n).to.equal(row.paid)
  expect(spentOf(row) + creditOf(row)).to.equal(row.paid)
}

type Action =
  | { type: 'pay' | 'use'; n: number; amount: bigint }
  | { type: 'close'; n: number }
  | { type: 'closeAll' }
  | { type: 'adopt' | 'restore'; raise: bigint; due: bigint }

const segment = fc.integer({ min: 0, max: 4 })
const wei = fc.bigInt({ min: 0n, max: 1_000n })
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ type: fc.constant('pay' as const), n: segment, amount: wei }),
  fc.record({ type: fc.constant('use' as const), n: segment, amount: wei }),
  fc.record({ type: fc.constant('close' as const), n: segment }),
  fc.record({ type: fc.constant('closeAll' as const) }),
  fc.record({ type: fc.constantFrom('adopt' as const, 'restore' as const), raise: wei, due: wei }),
)

function apply(row: ChannelRow, act: Action): ChannelRow {
  switch (act.type) {
    case 'pay':
      return pay(row, act.n, act.amount)
    case 'use': {
      const { prepaid, used } = reservationOf(row, key(act.n))
      // The machines never bill more than what is prepaid.
      return act.amount > prepaid - used ? row : useReserved(row, key(act.n), act.amount)
    }
    case 'close':
      return closeReservation(row, key(act.n))
    case 'closeAll':
      return closeAll(row)
    case 'adopt':
      return adoptVoucher(row, voucherFor(row.paid + act.raise), act.due)
    case 'restore':
      return restoreVoucher(row, voucherFor(row.paid + act.raise), act.due)
  }
}

const start = { ...emptyChannel(PAYER, PROVIDER), voucher: voucherFor(0n) }

describe('ledger', () => {
  it('keeps paid = settled + open + credit under any sequence; paid and due never fall', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        let row: ChannelRow = start
        for (const act of actions) {
          const next = apply(row, act)
          expectSound(next)
          expect(next.paid >= row.paid, 'paid fell').to.equal(true)
          expect(dueOf(next) >= dueOf(row), 'due fell').to.equal(true)
          row = next
        }
      }),
      { numRuns: 300 },
    )
  })

  it('signs no more than what is missing', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 30 }), wei, (actions, amount) => {
        const row = actions.reduce<ChannelRow>(apply, start)
        const cumulative = cumulativeFor(row, amount)
        const credit = creditOf(row)
        expect(cumulative - row.paid).to.equal(amount > credit ? amount - credit : 0n)
      }),
    )
  })

  it('does not mind in which order the vouchers of concurrent segments arrive', () => {
    const amounts = fc.array(wei, { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(amounts, fc.array(fc.nat(), { minLength: 6, maxLength: 6 }), (sums, order) => {
        let payer: ChannelRow = start
        const frames = sums.map((amount, n) => {
          const voucher = voucherFor(cumulativeFor(payer, amount))
          payer = reserve(payer, key(n), amount, voucher)
          return { n, amount, voucher }
        })
        const shuffled = frames
          .map((frame, i) => ({ frame, rank: order[i] ?? 0 }))
          .sort((a, b) => a.rank - b.rank)
        let provider: ChannelRow = start
        for (const { frame } of shuffled) {
          const { amount, n, voucher } = frame
          const raise = voucher.voucher.cumulative - provider.paid
          const room = creditOf(provider) + (raise > 0n ? raise : 0n)
          expect(amount <= room, 'the provider would refuse').to.equal(true)
          provider = reserve(provider, key(n), amount, voucher)
        }
        expect(provider.paid).to.equal(payer.paid)
        expect(creditOf(provider)).to.equal(creditOf(payer))
      }),
    )
  })

  it('makes what a closed segment did not use credit for the next', () => {
    const used = useReserved(pay(start, 1, 100n), key(1), 60n)
    const closed = closeReservation(used, key(1))
    expect(closed).to.include({ settled: 60n, paid: 100n })
    expect(creditOf(closed)).to.equal(40n)
    expect(cumulativeFor(closed, 30n)).to.equal(100n)
    expect(cumulativeFor(closed, 50n)).to.equal(110n)
  })

  it('closes an unknown segment without a change', () => {
    expect(closeReservation(start, key(9))).to.equal(start)
  })

  describe('a hello', () => {
    const inDoubt = useReserved(pay(start, 1, 100n), key(1), 60n)

    it('tells the payer what became of a paid step, within what is not known', () => {
      const settled = (due: bigint): bigint => adoptVoucher(inDoubt, undefined, due).settled
      expect(settled(75n)).to.equal(75n)
      // Below the receipts held, or above what was paid for the step: the bounds hold.
      expect(settled(0n)).to.equal(60n)
      expect(settled(1_000n)).to.equal(100n)
    })

    it('cannot take credit that the payer knows of', () => {
      const closed = closeReservation(inDoubt, key(1))
      expect(creditOf(adoptVoucher(closed, undefined, 100n))).to.equal(40n)
    })

    it('brings a payer with an empty store to where it was', () => {
      const adopted = adoptVoucher(emptyChannel(PAYER, PROVIDER), voucherFor(500n), 480n)
      expect(adopted).to.include({ paid: 500n, settled: 480n })
      expectSound(adopted)
    })

    it('brings a provider that lost its last writes to where the payer is', () => {
      const lost = closeReservation(inDoubt, key(1))
      const restored = restoreVoucher(lost, voucherFor(160n), 130n)
      expect(restored).to.include({ paid: 160n, settled: 130n })
      expect(restoreVoucher(lost, voucherFor(90n), 0n)).to.equal(lost)
      expect(restoreVoucher(lost, undefined, 10_000n).settled).to.equal(100n)
    })
  })
})
