import type { Hash, Hex } from 'viem'
import { writeContract } from 'viem/actions'
import { providerRegistryAbi } from '../abi/provider-registry.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface SetPeerParameters extends WithAddresses {
  /** the node's Ed25519 public key, 32 bytes */
  peerKey: Hex
  /** a multiaddr to reach it, at most 512 bytes; may be empty */
  endpoint: string
}

/** Moves the caller to another peer key and address. */
export function setPeer(
  client: WriteClient,
  { addresses, peerKey, endpoint }: SetPeerParameters,
): Promise<Hash> {
  return guarded(
    writeContract(client, {
      address: addresses.registry,
      abi: providerRegistryAbi,
      functionName: 'setPeer',
      args: [peerKey, endpoint],
    }),
  )
}
