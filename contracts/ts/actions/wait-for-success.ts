import type { Hash, TransactionReceipt } from 'viem'
import { waitForTransactionReceipt } from 'viem/actions'
import { ContractError, guarded } from '../errors.ts'
import type { ReadClient } from '../interface.ts'

export interface WaitForSuccessParameters {
  hash: Hash
  /** how often to ask, ms; the client's own interval when left out */
  pollingInterval?: number
}

/** Waits until a transaction is in a block. Throws `CHAIN_REVERTED` when it failed there. */
export async function waitForSuccess(
  client: ReadClient,
  parameters: WaitForSuccessParameters,
): Promise<TransactionReceipt> {
  const receipt = await guarded(waitForTransactionReceipt(client, parameters))
  if (receipt.status === 'success') return receipt
  const message = `Transaction ${receipt.transactionHash} failed in its block. Send it again to see why.`
  throw new ContractError({ code: 'CHAIN_REVERTED', args: [receipt.transactionHash], message })
}
