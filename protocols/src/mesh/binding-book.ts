import { DuckMeshError } from '../errors.ts'
import { BindingCache } from './binding-cache.ts'
import {
  checkBindingDates,
  checkClientBindingSignature,
  checkPeerBindingSignature,
} from './bindings.ts'
import { MAX_CACHED_BINDINGS, MAX_PEERS_PER_OPERATOR } from './constants.ts'
import type { Clock, Crypto, NetworkIdentity } from '../components.ts'
import type { VerifiedClient, VerifiedPeer } from './interface.ts'
import type { ClientBinding, Hex, PeerBinding } from '@duckmesh/proto'

interface BindingBookComponents {
  network: NetworkIdentity
  crypto: Crypto
  clock: Clock
}

/**
 * Which peer speaks for which operator or payer: each binding is verified once and then known (M-20 to M-24).
 *
 * The newest binding of a peer wins (latest expiry). An operator has at most three peers: the three with the
 * latest expiry, whatever order they come in, so that all peers of the mesh agree.
 */
export class BindingBook {
  readonly #components: BindingBookComponents
  readonly #peers: BindingCache<PeerBinding>
  readonly #clients: BindingCache<ClientBinding>
  readonly #operators = new Map<Hex, Set<Hex>>()

  constructor(components: BindingBookComponents, init: { maxBindings?: number } = {}) {
    const max = init.maxBindings ?? MAX_CACHED_BINDINGS
    this.#components = components
    this.#peers = new BindingCache(max, (binding) => {
      this.#unlink(binding)
    })
    this.#clients = new BindingCache(max)
  }

  /**
   * Verifies a peer binding that came over a connection or envelope of `remoteKey`.
   *
   * @returns the newest known binding of that peer: an older one that is still valid does not replace it
   * @throws DuckMeshError BINDING_MISMATCH, BINDING_EXPIRED, FIELD_OUT_OF_RANGE, BAD_SIGNATURE or PEER_LIMIT
   */
  verifyPeer(binding: PeerBinding, remoteKey: Hex): VerifiedPeer {
    const now = this.#components.clock.now()
    checkBindingDates(binding, remoteKey, now)
    const known = this.#peers.get(remoteKey, now)
    if (known && samePeerBinding(known.binding, binding)) return known
    checkPeerBindingSignature(binding, this.#components)
    if (known && known.binding.expiry >= binding.expiry) return known
    const oldest = this.#placeFor(binding, now)
    if (oldest !== undefined) this.#peers.delete(oldest)
    this.#peers.put(binding, now)
    this.#link(binding)
    return { binding, verifiedAt: now }
  }

  /** Verifies a client binding; rules and errors as `verifyPeer`, without a limit per payer. */
  verifyClient(binding: ClientBinding, remoteKey: Hex): VerifiedClient {
    const now = this.#components.clock.now()
    checkBindingDates(binding, remoteKey, now)
    const known = this.#clients.get(remoteKey, now)
    if (known && sameClientBinding(known.binding, binding)) return known
    checkClientBindingSignature(binding, this.#components)
    if (known && known.binding.expiry >= binding.expiry) return known
    this.#clients.put(binding, now)
    return { binding, verifiedAt: now }
  }

  /** The verified, unexpired binding of a peer. */
  peer(peerKey: Hex): PeerBinding | undefined {
    return this.#peers.get(peerKey, this.#components.clock.now())?.binding
  }

  client(peerKey: Hex): ClientBinding | undefined {
    return this.#clients.get(peerKey, this.#components.clock.now())?.binding
  }

  /** Unexpired bindings of an operator, latest expiry first. */
  peersOf(operator: Hex): PeerBinding[] {
    const now = this.#components.clock.now()
    const keys = [...(this.#operators.get(operator) ?? [])]
    const bindings = keys.flatMap((key) => this.#peers.get(key, now)?.binding ?? [])
    return bindings.sort(newestFirst)
  }

  /** Peer that must go for a new one of the same operator. Throws PEER_LIMIT when the new one is the oldest. */
  #placeFor(binding: PeerBinding, now: number): Hex | undefined {
    const others = [...(this.#operators.get(binding.operator) ?? [])]
      .filter((key) => key !== binding.peerKey)
      .flatMap((key) => this.#peers.get(key, now)?.binding ?? [])
      .sort(newestFirst)
    const last = others[MAX_PEERS_PER_OPERATOR - 1]
    if (last === undefined) return undefined
    if (newestFirst(binding, last) < 0) return last.peerKey
    throw new DuckMeshError('PEER_LIMIT', 'Three newer peers of this operator are known.', {
      details: { operator: binding.operator },
    })
  }

  #link(binding: PeerBinding): void {
    const keys = this.#operators.get(binding.operator) ?? new Set()
    this.#operators.set(binding.operator, keys.add(binding.peerKey))
  }

  #unlink(binding: PeerBinding): void {
    const keys = this.#operators.get(binding.operator)
    keys?.delete(binding.peerKey)
    if (keys?.size === 0) this.#operators.delete(binding.operator)
  }
}

/** Latest expiry first, ties by the larger key, so that every peer keeps the same three. */
function newestFirst(a: PeerBinding, b: PeerBinding): number {
  return b.expiry - a.expiry || (a.peerKey < b.peerKey ? 1 : -1)
}

function samePeerBinding(a: PeerBinding, b: PeerBinding): boolean {
  return (
    a.signature === b.signature &&
    a.operator === b.operator &&
    a.encKey === b.encKey &&
    a.expiry === b.expiry
  )
}

function sameClientBinding(a: ClientBinding, b: ClientBinding): boolean {
  return a.signature === b.signature && a.payer === b.payer && a.expiry === b.expiry
}
