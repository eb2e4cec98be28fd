import { readContract } from '../read-contract.ts'
import { jobDisputesAbi } from '../abi/job-disputes.ts'
import { providerRegistryAbi } from '../abi/provider-registry.ts'
import { guarded } from '../errors.ts'
import type { OversightAddresses, ReadClient, WithAddresses } from '../interface.ts'

/** Reads from the registry which contracts may slash and govern. */
export function readOversight(
  client: ReadClient,
  { addresses }: WithAddresses,
): Promise<OversightAddresses> {
  return guarded(read(client, addresses))
}

async function read(
  client: ReadClient,
  { registry }: WithAddresses['addresses'],
): Promise<OversightAddresses> {
  const ofRegistry = { address: registry, abi: providerRegistryAbi } as const
  const [disputes, timelock] = await Promise.all([
    readContract(client, { ...ofRegistry, functionName: 'disputes' }),
    readContract(client, { ...ofRegistry, functionName: 'governance' }),
  ])
  const ofDisputes = { address: disputes, abi: jobDisputesAbi } as const
  const [signedFaults, referees] = await Promise.all([
    readContract(client, { ...ofDisputes, functionName: 'signedFaults' }),
    readContract(client, { ...ofDisputes, functionName: 'referees' }),
  ])
  return { disputes, signedFaults, referees, timelock }
}
