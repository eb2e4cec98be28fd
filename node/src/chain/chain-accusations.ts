/** What the chain says against one provider: disputes that were opened, and slashes. */
import { jobDisputesAbi, providerRegistryAbi } from '@duckmesh/contracts'
import type { Addresses, OversightAddresses, ReadClient } from '@duckmesh/contracts'
import { lowerHex } from '@duckmesh/protocols'
import type { Hex } from '@duckmesh/protocols'
import { getAbiItem } from 'viem'
import { getBlockNumber, getLogs } from 'viem/actions'
import { chainCall } from './chain-error.ts'

/** A dispute or a slash of a provider. */
export interface Accusation {
  kind: 'dispute' | 'slash'
  /** Of the dispute, or of the fault. */
  id: Hex
  /** What is held back or was taken, wei. */
  amount: bigint
  /** Who disputes, or proved it. */
  by: Hex
  block: number
  /** What the challenger says; empty for a slash. */
  reason: string
}

export interface ChainAccusationsComponents {
  addresses: Addresses
  oversight: OversightAddresses
  /** Owner address. */
  provider: Hex
  read: ReadClient
}

const DISPUTE_OPENED = getAbiItem({ abi: jobDisputesAbi, name: 'DisputeOpened' })
const SLASHED = getAbiItem({ abi: providerRegistryAbi, name: 'ProviderSlashed' })

export class ChainAccusations {
  readonly #components: ChainAccusationsComponents

  constructor(components: ChainAccusationsComponents) {
    this.#components = components
  }

  /** Number of the last block. Rejects with CHAIN_UNREACHABLE. */
  async head(): Promise<number> {
    return Number(await chainCall(getBlockNumber(this.#components.read)))
  }

  /** In these blocks, oldest first. Rejects with CHAIN_UNREACHABLE. */
  async between(from: number, to: number): Promise<Accusation[]> {
    const { addresses, oversight, provider, read } = this.#components
    const blocks = { fromBlock: BigInt(from), toBlock: BigInt(to) }
    const range = { ...blocks, args: { provider }, strict: true } as const
    const [opened, slashed] = await chainCall(
      Promise.all([
        getLogs(read, { ...range, address: oversight.disputes, event: DISPUTE_OPENED }),
        getLogs(read, { ...range, address: addresses.registry, event: SLASHED }),
      ]),
    )
    const disputes = opened.map(({ args, blockNumber }): Accusation => {
      const { amount, challenger, disputeId, reason } = args
      const by = lowerHex(challenger)
      return { kind: 'dispute', id: disputeId, amount, by, block: Number(blockNumber), reason }
    })
    const slashes = slashed.map(({ args, blockNumber }): Accusation => {
      const { amount, faultId, reporter } = args
      const by = lowerHex(reporter)
      return { kind: 'slash', id: faultId, amount, by, block: Number(blockNumber), reason: '' }
    })
    return [...disputes, ...slashes].sort((a, b) => a.block - b.block)
  }
}
