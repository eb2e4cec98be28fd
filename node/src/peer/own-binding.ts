/** This peer's PeerBinding: signed at start and again well before it expires. */
import { toDuckMeshError } from '@duckmesh/protocols'
import type { Clock, Hex, Logger, NetworkIdentity } from '@duckmesh/protocols'
import type { PeerBinding, Signer, Unsealer } from '@duckmesh/protocols'
import { signPeerBinding } from '@duckmesh/protocols/mesh'

/** Life of a binding, seconds; half of what peers accept, so that clocks may differ. */
const LIFE_S = 12 * 3_600
/** A new one is signed this often, ms. */
const RENEW_MS = 6 * 3_600_000
/** An encryption key is replaced at this age, ms: the binding that published the one before is gone by then. */
const ROTATE_MS = 24 * 3_600_000
/** Pause after a signature that failed, ms. */
const RETRY_MS = 60_000

/** Keys of seals that can be replaced; the one before goes on opening what was sealed to it. */
export interface RotatingUnsealer extends Unsealer {
  /** When the current key was made, milliseconds since 1970. */
  readonly createdAtMs: number
  rotate(nowMs: number): Promise<Hex>
}

export interface OwnBindingComponents {
  clock: Clock
  logger: Logger
  network: NetworkIdentity
  /** The operator's key. */
  signer: Signer
  unsealer: RotatingUnsealer
  peerKey: Hex
}

export class OwnBinding {
  readonly #components: OwnBindingComponents
  #current: PeerBinding
  #stopped = false
  #cancelTimer: () => void = () => undefined

  private constructor(components: OwnBindingComponents, first: PeerBinding) {
    this.#components = components
    this.#current = first
    this.#schedule(RENEW_MS)
  }

  /** Signs the first one. Rejects with what the signer threw. */
  static async create(components: OwnBindingComponents): Promise<OwnBinding> {
    return new OwnBinding(components, await sign(components))
  }

  /** Good for at least six hours, unless signing fails. */
  get current(): PeerBinding {
    return this.#current
  }

  stop(): void {
    this.#stopped = true
    this.#cancelTimer()
  }

  #schedule(ms: number): void {
    if (this.#stopped) return
    this.#cancelTimer = this.#components.clock.after(ms, () => {
      void this.#renew()
    })
  }

  async #renew(): Promise<void> {
    const { clock, unsealer } = this.#components
    try {
      const now = clock.now()
      if (now - unsealer.createdAtMs >= ROTATE_MS) await unsealer.rotate(now)
      this.#current = await sign(this.#components)
      this.#schedule(RENEW_MS)
    } catch (error) {
      const { code } = toDuckMeshError(error)
      this.#components.logger.warn('binding.not_renewed', { code })
      this.#schedule(RETRY_MS)
    }
  }
}

function sign(components: OwnBindingComponents): Promise<PeerBinding> {
  const { clock, network, peerKey, signer, unsealer } = components
  const expiry = Math.floor(clock.now() / 1_000) + LIFE_S
  return signPeerBinding({ peerKey, encKey: unsealer.encKey, expiry }, { network, signer })
}
