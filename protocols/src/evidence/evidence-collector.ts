/** Fetches the proofs that notices tell of, from one holder after the other (P-8, P-9). */
import type { EvidenceNotice, Hex } from '@duckmesh/proto'
import type { Clock, Crypto, Logger, NetworkIdentity } from '../components.ts'
import { DuckMeshError, toDuckMeshError } from '../errors.ts'
import { ExpiringMap } from '../market/index.ts'
import { MAX_FETCHES, MAX_HOLDERS, MAX_MUTED, MAX_WANTED, MUTE_MS } from './constants.ts'
import type { EvidenceDesk } from './evidence-desk.ts'
import { proofHash, readProof } from './read-proof.ts'

export interface EvidenceCollectorComponents {
  clock: Clock
  crypto: Crypto
  logger: Logger
  network: NetworkIdentity
  desk: Pick<EvidenceDesk, 'find' | 'take'>
  /** Asks a peer for a proof; undefined when it has none. Rejects with a DuckMeshError. */
  fetch: (holder: Hex, hash: Hex, signal: AbortSignal) => Promise<Uint8Array | undefined>
  /** Owner address of this node: what is said against it needs no fetching. */
  self: Hex
}

interface Wanted {
  notice: EvidenceNotice
  /** To be asked, first come first. */
  holders: Hex[]
  running: boolean
}

export class EvidenceCollector {
  readonly #components: EvidenceCollectorComponents
  readonly #wanted = new Map<Hex, Wanted>()
  /** Holders that gave something else than they promised, and hashes of what proves nothing. */
  readonly #muted = new ExpiringMap<Hex, true>(MAX_MUTED)
  readonly #stopped = new AbortController()

  constructor(components: EvidenceCollectorComponents) {
    this.#components = components
  }

  /** A notice that gossip has checked. */
  heard(notice: EvidenceNotice): void {
    const { accused, hash, holder } = notice
    const { clock, desk, logger, self } = this.#components
    if (this.#stopped.signal.aborted || desk.find(hash) !== undefined) return
    if (this.#isMuted(hash) || this.#isMuted(holder)) return
    if (accused === self) {
      logger.warn('evidence.against_self', { hash, kind: notice.kind, holder })
      this.#muted.set(hash, true, clock.now() + MUTE_MS)
      return
    }
    const known = this.#wanted.get(hash)
    const wanted = known ?? { notice, holders: [], running: false }
    if (known === undefined) {
      if (this.#wanted.size >= MAX_WANTED) return
      this.#wanted.set(hash, wanted)
    }
    const isNew = !wanted.holders.includes(holder) && wanted.holders.length < MAX_HOLDERS
    if (isNew) wanted.holders.push(holder)
    this.#next()
  }

  stop(): void {
    this.#stopped.abort(new DuckMeshError('SHUTTING_DOWN', 'The node stops.'))
    this.#wanted.clear()
  }

  #isMuted(name: Hex): boolean {
    return this.#muted.get(name, this.#components.clock.now()) === true
  }

  #next(): void {
    const all = [...this.#wanted.values()]
    let free = MAX_FETCHES - all.filter(({ running }) => running).length
    for (const wanted of all) {
      if (free <= 0) return
      if (wanted.running) continue
      wanted.running = true
      free -= 1
      void this.#collect(wanted)
    }
  }

  /** Asks the holders in order until one gives the proof. Never rejects. */
  async #collect(wanted: Wanted): Promise<void> {
    const { hash } = wanted.notice
    try {
      for (let holder = wanted.holders.shift(); holder; holder = wanted.holders.shift()) {
        if (this.#stopped.signal.aborted || (await this.#isDone(wanted.notice, holder))) break
      }
    } finally {
      this.#wanted.delete(hash)
      this.#next()
    }
  }

  /** Whether nobody else need be asked: it is here, or proves nothing whoever gives it. */
  async #isDone(notice: EvidenceNotice, holder: Hex): Promise<boolean> {
    const { desk, fetch, logger } = this.#components
    const { hash } = notice
    let bytes: Uint8Array | undefined
    try {
      bytes = await fetch(holder, hash, this.#stopped.signal)
    } catch (error) {
      logger.debug('evidence.not_given', { hash, holder, code: toDuckMeshError(error).code })
    }
    if (bytes === undefined) return false
    if (proofHash(bytes) !== hash) {
      this.#mute(holder, 'its bytes have another hash')
      return false
    }
    if (!this.#isAsTold(bytes, notice)) {
      this.#mute(holder, 'it proves nothing, or something else')
      this.#mute(hash, 'it proves nothing, or something else')
      return true
    }
    await desk.take(bytes, 'heard').catch((error: unknown) => {
      // The chain decides this, and a block of lag explains it: the holder is not to blame.
      logger.debug('evidence.not_taken', { hash, code: toDuckMeshError(error).code })
    })
    return true
  }

  #isAsTold(bytes: Uint8Array, { accused, kind, size }: EvidenceNotice): boolean {
    try {
      const read = readProof(bytes, this.#components)
      return read.accused === accused && read.proof.kind === kind && bytes.length === size
    } catch {
      return false
    }
  }

  #mute(name: Hex, why: string): void {
    const { clock, logger } = this.#components
    logger.debug('evidence.muted', { name, why })
    this.#muted.set(name, true, clock.now() + MUTE_MS)
  }
}
