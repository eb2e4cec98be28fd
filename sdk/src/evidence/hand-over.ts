/** Hands proofs of faults that a client met to staked peers, which bring them to the chain (rule P-15). */
import { evidenceProofCodec, toDuckMeshError } from '@duckmesh/protocols'
import { proofOfReceipts } from '@duckmesh/protocols/evidence'
import type { Clock, Hex, Logger, NetworkIdentity } from '@duckmesh/protocols'
import type { EvidenceClient } from '@duckmesh/protocols/evidence'
import type { SignedReceipt } from '@duckmesh/protocols'
import type { JobEvent } from '@duckmesh/protocols/dispatch'
import { peerIdStringOf } from '@duckmesh/protocols/mesh'
import { peerIdFromString } from '@libp2p/peer-id'

/** Peers that get each proof: one of them may be a friend of the accused. */
const TAKERS = 3
/** Tries when nobody took it, and the pause before the second one, ms; each further one is twice as long. */
const MAX_TRIES = 6
const PAUSE_MS = 5_000
/** Proofs on their way at a time: who meets more bad providers than this has handed over enough. */
const MAX_RUNNING = 16

/** A staked peer that may take a proof. */
export interface EvidenceTaker {
  owner: Hex
  peerKey: Hex
}

export interface EvidenceHandoverComponents {
  /** Closed with this. */
  client: Pick<EvidenceClient, 'stop' | 'submit'>
  clock: Clock
  logger: Logger
  network: NetworkIdentity
  /** Peers with live offers. */
  takers: () => readonly EvidenceTaker[]
}

export class EvidenceHandover {
  readonly #components: EvidenceHandoverComponents
  readonly #stopped = new AbortController()
  readonly #running = new Set<string>()

  constructor(components: EvidenceHandoverComponents) {
    this.#components = components
  }

  /** Looks at what happens in a job: two receipts for one step are a proof. Returns at once. */
  learn(event: JobEvent): void {
    if (event.type === 'contradiction') void this.#handOver(event.receipts)
  }

  /** Ends what is under way: the receipts stay in the client's log of jobs. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#components.client.stop()
  }

  /** Until somebody has it. Never rejects. */
  async #handOver(receipts: readonly [SignedReceipt, SignedReceipt]): Promise<void> {
    const { logger, network } = this.#components
    const [{ receipt }] = receipts
    const { item, jobId, provider: accused, segment, seq } = receipt
    const step = [jobId, segment, item, seq, accused].join(':')
    if (this.#running.has(step) || this.#running.size >= MAX_RUNNING) return
    this.#running.add(step)
    try {
      const proof = evidenceProofCodec.encode(proofOfReceipts(network, receipts))
      for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
        if (attempt > 0) await this.#pause(PAUSE_MS * 2 ** (attempt - 1))
        if (this.#stopped.signal.aborted) return
        const peers = await this.#give(proof, accused)
        if (peers > 0) {
          logger.info('evidence.handed_over', { jobId, accused, peers })
          return
        }
      }
      logger.warn('evidence.not_handed_over', { jobId, accused })
    } catch (error) {
      logger.warn('evidence.not_handed_over', { jobId, accused, code: toDuckMeshError(error).code })
    } finally {
      this.#running.delete(step)
    }
  }

  /** To a few peers, one after the other; resolves to how many took it. */
  async #give(proof: Uint8Array, accused: Hex): Promise<number> {
    const { takers } = this.#components
    let taken = 0
    for (const { owner, peerKey } of takers()) {
      if (taken >= TAKERS || this.#stopped.signal.aborted) break
      // It would only throw it away.
      if (owner !== accused && (await this.#isTaken(peerKey, proof))) taken += 1
    }
    return taken
  }

  async #isTaken(peerKey: Hex, proof: Uint8Array): Promise<boolean> {
    const { client, logger } = this.#components
    try {
      const peer = peerIdFromString(peerIdStringOf(peerKey))
      await client.submit(peer, proof, { signal: this.#stopped.signal })
      return true
    } catch (error) {
      logger.debug('evidence.refused', { peerKey, code: toDuckMeshError(error).code })
      return false
    }
  }

  #pause(ms: number): Promise<void> {
    const { clock } = this.#components
    const { signal } = this.#stopped
    return new Promise((resolve) => {
      const done = (): void => {
        cancel()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const cancel = clock.after(ms, done)
      signal.addEventListener('abort', done)
    })
  }
}
