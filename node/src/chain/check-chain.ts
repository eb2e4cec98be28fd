import { MIN_STAKE, operatorOf, readProvider } from '@duckmesh/contracts'
import type { Addresses, ReadClient } from '@duckmesh/contracts'
import { DuckMeshError } from '@duckmesh/protocols'
import type { Hex } from 'viem'
import { getChainId, getCode } from 'viem/actions'
import { chainCall } from './chain-error.ts'

/** What the configuration says about the chain. */
export interface ExpectedChain {
  chainId: number
  addresses: Addresses
}

/**
 * Asks the RPC whether it is the chain of the network. Rejects with CHAIN_UNREACHABLE, or WRONG_CHAIN when the
 * chain id differs or no contract lies at an address.
 */
export async function checkChain(read: ReadClient, expected: ExpectedChain): Promise<void> {
  const chainId = await chainCall(getChainId(read))
  if (chainId !== expected.chainId) {
    const what = `The RPC endpoint serves chain ${chainId.toString()}, not ${expected.chainId.toString()}.`
    throw new DuckMeshError('WRONG_CHAIN', what, {
      details: { chainId, expected: expected.chainId },
    })
  }
  const contracts = Object.entries(expected.addresses) as [keyof Addresses, Hex][]
  await Promise.all(contracts.map(([name, address]) => checkCode(read, name, address)))
}

/**
 * Checks that `operator` may act for `provider` (owner address). Rejects with INVALID_PROVIDER when the chain
 * names another operator or none, INSUFFICIENT_STAKE when the stake is below the minimum.
 */
export async function checkOperator(
  read: ReadClient,
  addresses: Addresses,
  { provider, operator }: { provider: Hex; operator: Hex },
): Promise<void> {
  const registered = await chainCall(operatorOf(read, { addresses, provider }))
  if (registered?.toLowerCase() !== operator.toLowerCase()) {
    const who = registered === undefined ? 'is not registered' : `delegated to ${registered}`
    throw new DuckMeshError(
      'INVALID_PROVIDER',
      `${provider} ${who}; this node signs with ${operator}.`,
      {
        details: { provider, operator, registered: registered ?? 'none' },
      },
    )
  }
  const entry = await chainCall(readProvider(read, { addresses, provider }))
  if (entry?.isActive === true) return
  const stake = (entry?.stake ?? 0n) - (entry?.thawing ?? 0n)
  throw new DuckMeshError(
    'INSUFFICIENT_STAKE',
    `${provider} has ${stake.toString()} wei of eligible stake.`,
    {
      details: { provider, have: stake, need: MIN_STAKE },
    },
  )
}

async function checkCode(read: ReadClient, name: string, address: Hex): Promise<void> {
  const code = await chainCall(getCode(read, { address }))
  if (code !== undefined && code !== '0x') return
  const what = `No contract lies at ${address} (${name}) on this chain.`
  throw new DuckMeshError('WRONG_CHAIN', what, { details: { contract: name, address } })
}
