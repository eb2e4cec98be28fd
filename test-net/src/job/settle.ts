/** Has every provider of the network redeem what it holds, all asked at once so that the relay gathers them. */
import type { Hex } from 'viem'
import type { Devnet } from '../devnet.ts'
import type { SettlementReport, SettlementTx } from './interface.ts'

/** One redemption, ms: a relay that does not answer is waited for, and then the provider sends its own. */
const REDEEM_TIMEOUT_MS = 90_000

interface RedeemAnswer {
  hash: Hex
  kind: 'jobs' | 'service'
  vouchers: number
  gasUsed: string
  burnt: string
}

/** Rejects with a CHAIN_* code; then every voucher is still held. */
export async function settle(net: Devnet): Promise<SettlementReport> {
  const answers = await Promise.all(
    net.providers.map(({ child }) => child.ask<RedeemAnswer[]>('redeem', {}, REDEEM_TIMEOUT_MS)),
  )
  const txs = transactionsOf(answers)
  const gas = txs.reduce((sum, tx) => sum + tx.gasUsed, 0)
  const vouchers = txs.reduce((sum, tx) => sum + tx.vouchers, 0)
  return {
    txs,
    gasPerVoucher: vouchers === 0 ? null : Math.round(gas / vouchers),
    burnt: answers.flat().reduce((sum, { burnt }) => sum + BigInt(burnt), 0n),
  }
}

/** Each transaction once, however many providers tell of their part in it. */
function transactionsOf(answers: readonly RedeemAnswer[][]): SettlementTx[] {
  const txs = new Map<Hex, SettlementTx>()
  for (const { gasUsed, hash, kind, vouchers } of answers.flat()) {
    const known = txs.get(hash) ?? { hash, kind, providers: 0, vouchers: 0 }
    const sums = { providers: known.providers + 1, vouchers: known.vouchers + vouchers }
    txs.set(hash, { ...known, ...sums, gasUsed: Number(gasUsed) })
  }
  return [...txs.values()]
}
