import { parseSignature, type Hash, type Hex } from 'viem'
import { readContract, signTypedData, writeContract } from 'viem/actions'
import { duckTokenAbi } from '../abi/duck-token.ts'
import { jobMarketAbi } from '../abi/job-market.ts'
import { guarded } from '../errors.ts'
import type { WithAddresses, WriteClient } from '../interface.ts'

export interface DepositWithPermitParameters extends WithAddresses {
  /** wei */
  amount: bigint
  /** until when the permit may be used, unix seconds of the chain's clock */
  deadline: bigint
}

const types = {
  Permit: [
    { name: 'owner', type: 'address' },
    { name: 'spender', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
  ],
} as const

/** Signs an ERC-2612 permit and deposits into the caller's own account in one transaction, with no approval. */
export async function depositWithPermit(
  client: WriteClient,
  parameters: DepositWithPermitParameters,
): Promise<Hash> {
  const { addresses, amount, deadline } = parameters
  const { r, s, yParity } = parseSignature(await guarded(signPermit(client, parameters)))
  return guarded(
    writeContract(client, {
      address: addresses.market,
      abi: jobMarketAbi,
      functionName: 'depositWithPermit',
      args: [amount, deadline, 27 + yParity, r, s],
    }),
  )
}

async function signPermit(
  client: WriteClient,
  { addresses, amount, deadline }: DepositWithPermitParameters,
): Promise<Hex> {
  const owner = client.account.address
  const nonce = await readContract(client, {
    address: addresses.token,
    abi: duckTokenAbi,
    functionName: 'nonces',
    args: [owner],
  })
  return signTypedData(client, {
    account: client.account,
    domain: {
      name: 'DuckMesh',
      version: '1',
      chainId: client.chain.id,
      verifyingContract: addresses.token,
    },
    types,
    primaryType: 'Permit',
    message: { owner, spender: addresses.market, value: amount, nonce, deadline },
  })
}
