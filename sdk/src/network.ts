/** Where a network is: its chain, its contracts, its first peers. */
import { lowerHex, networkName } from '@duckmesh/protocols'
import type { Hex } from '@duckmesh/protocols'
import type { NetworkIdentity } from '@duckmesh/protocols'

export interface NetworkConfig {
  chainId: number
  /** JSON-RPC endpoint of the chain. */
  rpcUrl: string
  registry: Hex
  market: Hex
  token: Hex
  /** Multiaddrs of seed peers, each ending in /p2p/<peer id>. */
  seeds: readonly string[]
  /** A network on this machine: loopback addresses are fine and raw keys are accepted. */
  local: boolean
}

/** The identity that every message names. */
export function identityOf(config: NetworkConfig): NetworkIdentity {
  const { chainId } = config
  const registry = lowerHex(config.registry)
  return { name: networkName(chainId, registry), chainId, registry }
}
