import type { Signer } from '@duckmesh/protocols'
import { hashMessage, hashTypedData, keccak256, parseSignature, serializeTransaction } from 'viem'
import type { Hex, LocalAccount } from 'viem'
import { toAccount } from 'viem/accounts'

/** A viem account over a `Signer`, so that the key itself stays where it is. */
export function signerAccount(signer: Signer): LocalAccount {
  const sign = async (digest: Hex): Promise<Hex> => signer.signDigest(digest)
  return toAccount({
    address: signer.address,
    sign: ({ hash }) => sign(hash),
    signMessage: ({ message }) => sign(hashMessage(message)),
    signTypedData: (data) => sign(hashTypedData(data)),
    signTransaction: async (transaction, options) => {
      const serializer = options?.serializer ?? serializeTransaction
      const signature = await sign(keccak256(await serializer(transaction)))
      return serializer(transaction, parseSignature(signature))
    },
  })
}
