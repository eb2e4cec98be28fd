import type { Hash } from 'viem'
import { providerRegistryAbi } from '../abi/provider-registry.ts'
import { guarded } from '../errors.ts'
import type { WriteClient } from '../interface.ts'
import { signPermit } from '../sign-permit.ts'
import { writeWithMargin } from '../write-with-margin.ts'
import type { RegisterProviderParameters } from './register-provider.ts'

export interface RegisterProviderWithPermitParameters extends RegisterProviderParameters {
  /** unix seconds until which the permit can be used */
  deadline: bigint
}

/** Signs an ERC-2612 permit, registers the caller as provider and takes its stake in one transaction. */
export async function registerProviderWithPermit(
  client: WriteClient,
  { addresses, deadline, ...provider }: RegisterProviderWithPermitParameters,
): Promise<Hash> {
  const { operator, peerKey, endpoint = '', metadataURI = '', stake } = provider
  const spender = addresses.registry
  const permit = await signPermit(client, { addresses, spender, amount: stake, deadline })
  return guarded(
    writeWithMargin(client, {
      address: addresses.registry,
      abi: providerRegistryAbi,
      functionName: 'registerProviderWithPermit',
      args: [operator, peerKey, endpoint, metadataURI, stake, permit],
    }),
  )
}
