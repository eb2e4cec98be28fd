/** Redemptions for several providers in one transaction, and what the chain shows of those that others sent. */
import { finalizeMany, jobMarketAbi, parseRedemption } from '@duckmesh/contracts'
import type { Addresses, ReadClient } from '@duckmesh/contracts'
import { DuckMeshError } from '@duckmesh/protocols'
import type { SignedVoucher } from '@duckmesh/protocols'
import type {
  ChainChannel,
  Redemption,
  RelayGroup,
  RelayPort,
  RelayedGroup,
  RelayedPort,
} from '@duckmesh/protocols/settlement'
import { isAddressEqual, pad } from 'viem'
import type { Hex, Log, TransactionReceipt } from 'viem'
import { getBlockNumber, readContract, waitForTransactionReceipt } from 'viem/actions'
import { chainCall, toChainError } from './chain-error.ts'
import type { ChainSettlement } from './chain-settlement.ts'
import type { ChainView } from './chain-view.ts'
import { RELAYED_RECEIPT_MS } from './constants.ts'
import type { TransactionSender } from './transaction-sender.ts'

export interface ChainRelayComponents {
  addresses: Addresses
  read: ReadClient
  /** Account of `sender`. */
  relayer: Hex
  sender: TransactionSender
  settlement: ChainSettlement
  view: Pick<ChainView, 'requireFresh'>
}

/** Reasons to skip a voucher that a transaction of the provider itself would meet as well. */
const LASTING: ReadonlySet<string> = new Set(['RedemptionLimitReached', 'AllotmentExceeded'])

export class ChainRelay implements RelayPort, RelayedPort {
  readonly relayer: Hex
  readonly #components: ChainRelayComponents
  readonly #receiptMs: number

  constructor(components: ChainRelayComponents, receiptMs: number = RELAYED_RECEIPT_MS) {
    this.#components = components
    this.#receiptMs = receiptMs
    this.relayer = components.relayer
  }

  channel(payer: Hex, provider: Hex): Promise<ChainChannel> {
    return this.#components.settlement.channel(payer, provider)
  }

  redeem(provider: Hex, vouchers: readonly SignedVoucher[]): Promise<Redemption[]> {
    return this.#components.settlement.redeem(provider, vouchers)
  }

  async isNonceUsed(provider: Hex, nonce: number): Promise<boolean> {
    const { addresses, read, view } = this.#components
    await view.requireFresh()
    return chainCall(
      readContract(read, {
        address: addresses.market,
        abi: jobMarketAbi,
        functionName: 'isNonceUsed',
        args: [provider, BigInt(nonce)],
      }),
    )
  }

  async redeemMany(groups: readonly RelayGroup[]): Promise<RelayedGroup[]> {
    const { addresses, sender, settlement, view } = this.#components
    // DESIGN §6: do not settle on a stale view.
    await view.requireFresh()
    const packed = groups.map(packGroup)
    const { logs, transactionHash: hash } = await sender.send((client) =>
      finalizeMany(client, { addresses, groups: packed }),
    )
    for (const { provider, vouchers } of groups) settlement.forget(provider, vouchers)
    const { skipped, skippedGroups } = parseRedemption({ addresses, logs })
    return groups.map(({ provider }, index) => {
      const refused = skippedGroups.find((group) => group.index === index)?.reason
      const own = skipped.filter((voucher) => isAddressEqual(voucher.provider, provider))
      const payers = own.map(({ payer }) => payer.toLowerCase() as Hex)
      return { hash, skipped: payers, ...(refused === undefined ? {} : { refused }) }
    })
  }

  async redeemBy(
    provider: Hex,
    vouchers: readonly SignedVoucher[],
    send: () => Promise<Hex>,
  ): Promise<Redemption> {
    const { addresses, read, settlement, view } = this.#components
    await view.requireFresh()
    const before = await chainCall(getBlockNumber(read, { cacheTime: 0 }))
    const hash = await send().finally(() => {
      // Whatever it says, it may have sent them.
      settlement.forget(provider, vouchers)
    })
    const receipt = await this.#receipt(hash)
    const logs = receipt.logs.filter((log) => isOf(log, provider))
    const { burnt, fees, skipped, vouchers: paid } = parseRedemption({ addresses, logs })
    const isNew = receipt.status === 'success' && receipt.blockNumber > before
    if (!isNew || paid + skipped.length === 0)
      throw untrue('The transaction of the relay redeemed nothing for this provider.', hash)
    return {
      hash,
      kind: 'jobs',
      vouchers: vouchers.length,
      gasUsed: receipt.gasUsed,
      relayFee: fees,
      burnt,
      skipped: skipped
        .filter(({ reason }) => LASTING.has(reason))
        .map(({ payer }) => payer.toLowerCase() as Hex),
    }
  }

  /** A relay answers when its transaction is in a block, so one that is in none soon was not sent. */
  async #receipt(hash: Hex): Promise<TransactionReceipt> {
    const { read } = this.#components
    try {
      const timeout = this.#receiptMs
      return await chainCall(waitForTransactionReceipt(read, { hash, timeout }))
    } catch (error) {
      const failure = toChainError(error)
      throw failure.code === 'TIMED_OUT' ? untrue('No such transaction.', hash, failure) : failure
    }
  }
}

function packGroup({ fee, provider, vouchers }: RelayGroup): {
  provider: Hex
  vouchers: { payer: Hex; cumulative: bigint; signature: Hex }[]
  fee?: { bps: number; nonce: bigint; deadline: bigint; signature: Hex }
} {
  const packed = vouchers.map(({ signature, voucher: { cumulative, payer } }) => {
    return { payer, cumulative, signature }
  })
  if (fee === undefined) return { provider, vouchers: packed }
  const { bps, deadline, nonce, signature } = fee
  const permit = { bps, nonce: BigInt(nonce), deadline: BigInt(deadline), signature }
  return { provider, vouchers: packed, fee: permit }
}

/** The provider is the first indexed field of all events of a redemption. */
function isOf({ topics }: Log, provider: Hex): boolean {
  return topics[1]?.toLowerCase() === pad(provider).toLowerCase()
}

function untrue(what: string, hash: Hex, cause?: unknown): DuckMeshError {
  return new DuckMeshError('RELAY_UNTRUE', what, { cause, details: { hash } })
}
