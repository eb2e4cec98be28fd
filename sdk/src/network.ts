/** Where a network is: its chain, its contracts, its first peers. */
import { DuckMeshError, lowerHex, networkName } from '@duckmesh/protocols'
import type { Hex, NetworkIdentity } from '@duckmesh/protocols'

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

/** The identity that every message names. Throws CONFIG_INVALID when the registry is no address. */
export function identityOf(config: NetworkConfig): NetworkIdentity {
  const { chainId } = config
  try {
    const registry = lowerHex(config.registry)
    return { name: networkName(chainId, registry), chainId, registry }
  } catch (cause) {
    throw new DuckMeshError(
      'CONFIG_INVALID',
      'network.chainId and network.registry name no network.',
      {
        cause,
        details: { chainId, registry: config.registry },
      },
    )
  }
}
