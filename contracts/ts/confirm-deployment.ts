import {
  isAddressEqual,
  type Address,
  type Hex,
  type PublicClient,
  type TransactionReceipt,
} from 'viem'
import { waitForSuccess } from './actions/wait-for-success.ts'
import { ContractError, guarded } from './errors.ts'

/** Waits for a contract that was sent, and throws `DEPLOYMENT_MISMATCH` when it is not where it should be. */
export async function confirmDeployment(
  client: PublicClient,
  transaction: Promise<Hex>,
  expected?: Address,
): Promise<TransactionReceipt> {
  const receipt = await waitForSuccess(client, { hash: await guarded(transaction) })
  const { contractAddress } = receipt
  if (expected === undefined || (contractAddress && isAddressEqual(contractAddress, expected))) {
    return receipt
  }
  throw new ContractError({
    code: 'DEPLOYMENT_MISMATCH',
    args: [contractAddress, expected],
    message:
      'The deploying account sent other transactions meanwhile. Deploy again from a quiet account.',
  })
}
