/** All DUCK that belongs to an account, wherever it lies; jobs change the sum over accounts by what they burn alone. */
import {
  readAccount,
  readChannel,
  readEarned,
  readProvider,
  readService,
  tokenBalanceOf,
} from '@duckmesh/contracts'
import type { Addresses } from '@duckmesh/contracts'
import type { Address, PublicClient } from 'viem'

/** Accounts whose money is watched: payers with the providers they hold channels to. */
export interface Watched {
  payers: readonly Address[]
  providers: readonly Address[]
}

/**
 * Wei by address. A payer has its wallet, its escrow and what is allotted and not redeemed, for services too; a provider
 * has its wallet, its stake and its earnings.
 */
export async function readBalances(
  client: PublicClient,
  addresses: Addresses,
  watched: Watched,
): Promise<Record<Address, bigint>> {
  const balances: Record<Address, bigint> = {}
  for (const payer of watched.payers) {
    balances[payer] = await payerTotal(client, addresses, payer, watched.providers)
  }
  for (const provider of watched.providers) {
    balances[provider] = await providerTotal(client, addresses, provider)
  }
  return balances
}

async function payerTotal(
  client: PublicClient,
  addresses: Addresses,
  payer: Address,
  providers: readonly Address[],
): Promise<bigint> {
  const wallet = await tokenBalanceOf(client, { addresses, holder: payer })
  const { free, thawing } = await readAccount(client, { addresses, payer })
  const service = await readService(client, { addresses, payer })
  let total = wallet + free + thawing + service.allotted - service.redeemed
  for (const provider of providers) {
    const { allotted, redeemed } = await readChannel(client, { addresses, payer, provider })
    total += allotted - redeemed
  }
  return total
}

async function providerTotal(
  client: PublicClient,
  addresses: Addresses,
  provider: Address,
): Promise<bigint> {
  const wallet = await tokenBalanceOf(client, { addresses, holder: provider })
  const earned = await readEarned(client, { addresses, provider })
  const registered = await readProvider(client, { addresses, provider })
  return wallet + earned.total + (registered?.stake ?? 0n)
}

/** Transactions in the blocks after `from` up to now. */
export async function countTransactions(client: PublicClient, from: bigint): Promise<number> {
  let count = 0
  for (let number = from + 1n; number <= (await client.getBlockNumber()); number++) {
    count += await client.getBlockTransactionCount({ blockNumber: number })
  }
  return count
}
