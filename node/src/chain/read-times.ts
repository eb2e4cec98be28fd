import { readElectionParameters } from '@duckmesh/contracts'
import type { Addresses, ReadClient } from '@duckmesh/contracts'
import type { ElectionTimes } from '@duckmesh/protocols/election'
import { chainCall } from './chain-error.ts'

/** How long epochs and turns of a network are; neither ever changes. Rejects with CHAIN_UNREACHABLE. */
export async function readTimes(read: ReadClient, addresses: Addresses): Promise<ElectionTimes> {
  const { epoch, turn } = await chainCall(readElectionParameters(read, { addresses }))
  return { epochS: Number(epoch), turnS: Number(turn) }
}
