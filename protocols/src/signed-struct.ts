/** Signing and recovering the EIP-712 structs of the network in one place. */
import { digest, domainOf } from '@duckmesh/proto'
import type { Eip712Message, Eip712Type, Hex } from '@duckmesh/proto'
import type { Crypto, NetworkIdentity, Signer } from './components.ts'

/** The EIP-712 digest of a struct on this network; for a JobOrder this is the job id. */
export function structDigest<T extends Eip712Type>(
  network: NetworkIdentity,
  type: T,
  message: Eip712Message<T>,
): Hex {
  return digest(domainOf(network.chainId, network.registry), type, message)
}

/** Signs a struct; resolves to the 65-byte signature. */
export async function signStruct<T extends Eip712Type>(
  signer: Signer,
  network: NetworkIdentity,
  type: T,
  message: Eip712Message<T>,
): Promise<Hex> {
  return signer.signDigest(structDigest(network, type, message))
}

/** Address that signed the struct, or null when the signature is not valid. */
export function recoverStruct<T extends Eip712Type>(
  crypto: Crypto,
  network: NetworkIdentity,
  type: T,
  message: Eip712Message<T>,
  signature: Hex,
): Hex | null {
  return crypto.recoverAddress(structDigest(network, type, message), signature)
}
