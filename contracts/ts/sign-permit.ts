import { parseSignature, type Address } from 'viem'
import { readContract, signTypedData } from 'viem/actions'
import { duckTokenAbi } from './abi/duck-token.ts'
import { guarded } from './errors.ts'
import type { WithAddresses, WriteClient } from './interface.ts'
import type { TokenPermit } from './signed.ts'

export interface SignPermitParameters extends WithAddresses {
  /** who may move the DUCK */
  spender: Address
  /** wei */
  amount: bigint
  /** unix seconds */
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

/** Signs an ERC-2612 permit of the caller: `spender` may move `amount` of its DUCK, with no approval on chain. */
export async function signPermit(
  client: WriteClient,
  parameters: SignPermitParameters,
): Promise<TokenPermit> {
  const { deadline } = parameters
  const { r, s, yParity } = parseSignature(await guarded(sign(client, parameters)))
  return { deadline, v: 27 + yParity, r, s }
}

async function sign(
  client: WriteClient,
  { addresses, spender, amount, deadline }: SignPermitParameters,
): Promise<`0x${string}`> {
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
    message: { owner, spender, value: amount, nonce, deadline },
  })
}
