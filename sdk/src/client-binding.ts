/** Keeps a valid ClientBinding: signs one, and a new one well before it expires. */
import type { ClientBinding, Clock, Hex, NetworkIdentity, Signer } from '@duckmesh/protocols'
import { signClientBinding } from '@duckmesh/protocols/mesh'

/** Life of a binding, seconds; below the 24 h that peers accept, so that clocks may differ. */
const LIFE_S = 12 * 3_600
/** A binding with less than this left is replaced, seconds. */
const RENEW_S = 3_600

export interface ClientBindingComponents {
  clock: Clock
  network: NetworkIdentity
  signer: Signer
  peerKey: Hex
}

/**
 * Returns a function that resolves to a binding good for at least an hour. Rejects with what the signer
 * threw; the next call signs anew.
 */
export function clientBindingSource(
  components: ClientBindingComponents,
): () => Promise<ClientBinding> {
  const { clock, network, peerKey, signer } = components
  let current: Promise<ClientBinding> | undefined
  let expiry = 0
  return () => {
    const nowS = Math.floor(clock.now() / 1_000)
    if (current !== undefined && expiry - nowS >= RENEW_S) return current
    expiry = nowS + LIFE_S
    const signing = signClientBinding({ peerKey, expiry }, { network, signer })
    current = signing
    signing.catch(() => {
      if (current === signing) current = undefined
    })
    return signing
  }
}
