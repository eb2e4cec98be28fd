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

/** The part of the estimate that is added to it. */
const MARGIN = 4n

/**
 * Sends a transaction that changes a stake with a quarter more gas than was estimated. The estimate is for the time of
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
  const priced = { ...request, gas: gas + gas / MARGIN } as unknown as typeof request
  return writeContract(client, priced)
}
