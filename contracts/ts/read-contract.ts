import {
  decodeFunctionResult,
  encodeFunctionData,
  type Abi,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type ContractFunctionParameters,
  type ContractFunctionReturnType,
  type DecodeFunctionResultParameters,
  type EncodeFunctionDataParameters,
} from 'viem'
import type { ReadClient } from './interface.ts'

type View = 'pure' | 'view'

/**
 * Calls a view function at the latest block. viem's action of that name also batches calls, looks up off-chain data
 * and runs code that is not deployed, which weighs 16 kB of gzip in a page and is used nowhere here.
 * Rejects with what viem's transport or decoder threw.
 */
export async function readContract<
  const abi extends Abi,
  functionName extends ContractFunctionName<abi, View>,
  const args extends ContractFunctionArgs<abi, View, functionName>,
>(
  client: ReadClient,
  { address, ...call }: ContractFunctionParameters<abi, View, functionName, args>,
): Promise<ContractFunctionReturnType<abi, View, functionName, args>> {
  const input = encodeFunctionData(call as EncodeFunctionDataParameters)
  const data = await client.request({
    method: 'eth_call',
    params: [{ to: address, data: input }, 'latest'],
  })
  const result = { ...call, data } as DecodeFunctionResultParameters
  return decodeFunctionResult(result) as ContractFunctionReturnType<abi, View, functionName, args>
}
