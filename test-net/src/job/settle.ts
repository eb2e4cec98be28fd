/** Has every provider of the network redeem what it holds. */
import type { Hex } from 'viem'
import type { Devnet } from '../devnet.ts'
import type { SettlementReport } from './interface.ts'

/** One redemption, ms; a receipt on a local chain comes in about 20 ms. */
const REDEEM_TIMEOUT_MS = 60_000

interface RedeemAnswer {
  hash: Hex
  vouchers: number
  gasUsed: string
  burnt: string
}

/** Rejects with a CHAIN_* code; then every voucher is still held. */
export async function settle(net: Devnet): Promise<SettlementReport> {
  const answers = await Promise.all(
    net.providers.map(({ child }) => child.ask<RedeemAnswer[]>('redeem', {}, REDEEM_TIMEOUT_MS)),
  )
  const redeemed = answers.flat()
  const txs = redeemed.map(({ gasUsed, hash, vouchers }) => {
    return { hash, vouchers, gasUsed: Number(gasUsed) }
  })
  const gas = txs.reduce((sum, tx) => sum + tx.gasUsed, 0)
  const vouchers = txs.reduce((sum, tx) => sum + tx.vouchers, 0)
  return {
    txs,
    gasPerVoucher: vouchers === 0 ? null : Math.round(gas / vouchers),
    burnt: redeemed.reduce((sum, { burnt }) => sum + BigInt(burnt), 0n),
  }
}
