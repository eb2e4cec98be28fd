/** This peer's PeerBinding: signed at start and again well before it expires. */
import type { Clock, Hex, NetworkIdentity, PeerBinding, Signer, Unsealer } from '@duckmesh/protocols'
import { signPeerBinding } from '@duckmesh/protocols/mesh'

/** Life of a binding, seconds; half of what peers accept, so that clocks may differ. */
const LIFE_S = 12 * 3_600
/** A new one is signed this often, ms. */
const RENEW_MS = 6 * 3_600_000

export interface OwnBindingComponents {
  clock: Clock
  network: NetworkIdentity
  /** The operator's key. */
  signer: Signer
  unsealer: Unsealer
  peerKey: Hex
}

export class OwnBinding {
  readonly #components: OwnBindingComponents
  #current: PeerBinding
  #cancelTimer: () => void

  private constructor(components: OwnBindingComponents, first: PeerBinding) {
    this.#components = components
    this.#current = first
    this.#cancelTimer = this.#schedule()
  }

  static async create(components: OwnBindingComponents): Promise<OwnBinding> {
    return new OwnBinding(components, await sign(components))
  }

  /** Good for at least six hours. */
  get current(): PeerBinding {
    return this.#current
  }

  stop(): void {
    this.#cancelTimer()
  }

  #schedule(): () => void {
    return this.#components.clock.after(RENEW_MS, () => {
      this.#cancelTimer = this.#schedule()
      void sign(this.#components).then((binding) => {
        this.#current = binding
      })
    })
  }
}

function sign({ clock, network, peerKey, signer, unsealer }: OwnBindingComponents): Promise<PeerBinding> {
  const expiry = Math.floor(clock.now() / 1_000) + LIFE_S
  return signPeerBinding({ peerKey, encKey: unsealer.encKey, expiry }, { network, signer })
}
