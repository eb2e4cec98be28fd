import type {
  Abi,
  Account,
  Chain,
  ContractFunctionArgs,
  ContractFunctionName,
  EstimateContractGasParameters,
  Hash,
  WriteContractParameters,
} from 'viem'
import { estimateContractGas, writeContract } from 'viem/actions'
import type { WriteClient } from './interface.ts'

/**
 * Gas added to an estimate: two pasts, each with a new slot (22 100 instead of the 5 000 of one that changes) and a new length (5 000),
 * and what a call passes on is 63/64 of what it has.
 */
const MARGIN = 60_000n

/**
 * Sends a transaction that changes a stake with more gas than was estimated. The estimate is for the time of
 * the last block; a second later the pasts of the owner's stake and of the total may each take an entry more (ADR 15).
 */
export async function writeWithMargin<
  const abi extends Abi | readonly unknown[],
  functionName extends ContractFunctionName<abi, 'nonpayable'>,
  args extends ContractFunctionArgs<abi, 'nonpayable', functionName>,
>(
  client: WriteClient,
  request: WriteContractParameters<abi, functionName, args, Chain, Account>,
): Promise<Hash> {
  const { account } = client
  const estimate = { ...request, account } as unknown as EstimateContractGasParameters
  const gas = await estimateContractGas(client, estimate)
  const priced = { ...request, gas: gas + MARGIN } as unknown as typeof request
  return writeContract(client, priced)
}
