/** What a payer's channel still covers, for bids: the chain's numbers less what vouchers held here already spend. */
import type { Hex } from '@duckmesh/protocols'
import type { ChannelCapacity } from '@duckmesh/protocols/market'
import { spentOf } from '@duckmesh/protocols/settlement'
import type { LedgerStore, SettlementPort } from '@duckmesh/protocols/settlement'

export interface LedgerCapacityComponents {
  ledger: Pick<LedgerStore, 'loadChannel'>
  port: Pick<SettlementPort, 'channel'>
  /** Owner address under which this node serves. */
  provider: Hex
}

export class LedgerCapacity implements ChannelCapacity {
  readonly #components: LedgerCapacityComponents

  constructor(components: LedgerCapacityComponents) {
    this.#components = components
  }

  /** The most that the payer may sign for new jobs, credit included, wei (S-4). Rejects with CHAIN_UNREACHABLE. */
  async covered(payer: Hex): Promise<bigint> {
    const { ledger, port, provider } = this.#components
    const { allotted, redeemed, thawing } = await port.channel(payer, provider)
    const row = await ledger.loadChannel({ payer, provider })
    // Without a row the chain alone knows what was spent: a fresh store after a loss.
    const left = allotted - thawing - (row === undefined ? redeemed : spentOf(row))
    return left > 0n ? left : 0n
  }
}
