import { digest, domainOf } from '@duckmesh/proto'
import { DuckMeshError } from '../errors.ts'
import { decoded } from './coded-error.ts'
import { BINDING_SKEW_S, MAX_BINDING_LIFE_S } from './constants.ts'
import type { Crypto, NetworkIdentity, Signer } from '../components.ts'
import type { ClientBinding, Hex, PeerBinding } from '@duckmesh/proto'

/** What both kinds of binding have in common. */
interface Dated {
  peerKey: Hex
  expiry: number
}

const domain = (network: NetworkIdentity) => domainOf(network.chainId, network.registry)

/** Binds a peer key to the signer's operator address until `expiry`, unix seconds, at most 24 h ahead (M-20). */
export async function signPeerBinding(
  fields: { peerKey: Hex; encKey: Hex; expiry: number },
  components: { network: NetworkIdentity; signer: Signer },
): Promise<PeerBinding> {
  const binding = { ...fields, operator: components.signer.address }
  const hash = digest(domain(components.network), 'PeerBinding', binding)
  return { ...binding, signature: await components.signer.signDigest(hash) }
}

/** Binds a peer key to the signer's payer address until `expiry`, unix seconds, at most 24 h ahead (M-20). */
export async function signClientBinding(
  fields: { peerKey: Hex; expiry: number },
  components: { network: NetworkIdentity; signer: Signer },
): Promise<ClientBinding> {
  const binding = { ...fields, payer: components.signer.address }
  const hash = digest(domain(components.network), 'ClientBinding', binding)
  return { ...binding, signature: await components.signer.signDigest(hash) }
}

/**
 * The rules of a binding that need no cryptography (M-21, M-22).
 *
 * @param remoteKey the key that the connection or the envelope proved
 * @param now ms since 1970
 * @throws DuckMeshError BINDING_MISMATCH, BINDING_EXPIRED or FIELD_OUT_OF_RANGE
 */
export function checkBindingDates(binding: Dated, remoteKey: Hex, now: number): void {
  if (binding.peerKey !== remoteKey) {
    throw new DuckMeshError('BINDING_MISMATCH', 'The binding is for another peer.')
  }
  const nowS = now / 1_000
  if (binding.expiry <= nowS) {
    throw new DuckMeshError('BINDING_EXPIRED', 'The binding expired.', {
      details: { expiry: binding.expiry },
    })
  }
  if (binding.expiry > nowS + MAX_BINDING_LIFE_S + BINDING_SKEW_S) {
    throw new DuckMeshError('FIELD_OUT_OF_RANGE', 'The binding lives longer than 24 h.', {
      details: { expiry: binding.expiry },
    })
  }
}

/** Throws BAD_SIGNATURE unless the operator named in the binding signed it. */
export function checkPeerBindingSignature(
  binding: PeerBinding,
  components: { network: NetworkIdentity; crypto: Crypto },
): void {
  const hash = decoded(() => digest(domain(components.network), 'PeerBinding', binding))
  requireSigner(components.crypto, hash, binding.signature, binding.operator)
}

/** Throws BAD_SIGNATURE unless the payer named in the binding signed it. */
export function checkClientBindingSignature(
  binding: ClientBinding,
  components: { network: NetworkIdentity; crypto: Crypto },
): void {
  const hash = decoded(() => digest(domain(components.network), 'ClientBinding', binding))
  requireSigner(components.crypto, hash, binding.signature, binding.payer)
}

function requireSigner(crypto: Crypto, hash: Hex, signature: Hex, signer: Hex): void {
  if (crypto.recoverAddress(hash, signature) !== signer) {
    throw new DuckMeshError('BAD_SIGNATURE', 'The binding is not signed by the account it names.')
  }
}
