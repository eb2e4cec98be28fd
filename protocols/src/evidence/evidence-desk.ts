/** Keeps proofs, tells of them and brings them to the chain (P-6 to P-8, P-11 to P-14). */
import { evidenceProofCodec } from '@duckmesh/proto'
import type { EvidenceNotice, EvidenceProof, Hex } from '@duckmesh/proto'
import type { Clock, Crypto, Logger, NetworkIdentity } from '../components.ts'
import { DuckMeshError, toDuckMeshError } from '../errors.ts'
import {
  MAX_PROOFS,
  MAX_PROOFS_PER_ACCUSED,
  MAX_TRIES,
  PROOF_TTL_MS,
  RETRY_MS,
} from './constants.ts'
import type { CheckedProof, FaultReporter, FaultView, ProofCounts } from './interface.ts'
import type { ProofRecord, ProofSource, ProofState, ProofStore, Standing } from './interface.ts'
import { readProof } from './read-proof.ts'
import { submitDelay } from './submit-delay.ts'

export interface EvidenceDeskComponents {
  clock: Clock
  crypto: Crypto
  logger: Logger
  network: NetworkIdentity
  faults: FaultView
  /** Absent on a node that leaves it to others to bring proofs to the chain. */
  reporter?: FaultReporter | undefined
  store: ProofStore
  /** Tells the mesh that this node holds a proof; `GossipDriver.publishEvidence`. */
  announce: (notice: EvidenceNotice) => Promise<void>
}

export interface EvidenceDeskInit {
  /** Owner address and peer key of this node. */
  self: { owner: Hex; peerKey: Hex }
  /** Longest wait before a proof that others found is brought to the chain, ms. */
  maxDelayMs: number
}

interface Entry {
  checked: CheckedProof
  source: ProofSource
  state: ProofState
  atMs: number
  tx?: Hex
  tries: number
  cancel: () => void
}

export class EvidenceDesk {
  readonly #components: EvidenceDeskComponents
  readonly #init: EvidenceDeskInit
  /** By hash, oldest first. */
  readonly #entries = new Map<Hex, Entry>()
  /** Hash of the kept proof by fault: a second proof of one fault is worth nothing (P-4). */
  readonly #byFault = new Map<Hex, Hex>()
  readonly #taking = new Map<Hex, Promise<void>>()
  #stopped = false

  constructor(components: EvidenceDeskComponents, init: EvidenceDeskInit) {
    this.#components = components
    this.#init = init
  }

  /** Goes on with the proofs of an earlier run. */
  async start(): Promise<void> {
    const { clock, logger, store } = this.#components
    for (const record of (await store.list(MAX_PROOFS)).reverse()) {
      if (record.atMs < clock.now() - PROOF_TTL_MS) continue
      try {
        const entry = this.#keep(readProof(record.bytes, this.#components), record)
        if (entry.state === 'open') this.#schedule(entry, this.#waitOf(entry))
      } catch (error) {
        logger.warn('evidence.unreadable', { hash: record.hash, code: toDuckMeshError(error).code })
      }
    }
  }

  stop(): void {
    this.#stopped = true
    for (const entry of this.#entries.values()) entry.cancel()
  }

  get counts(): ProofCounts {
    const counts = { open: 0, submitted: 0, punished: 0, void: 0 }
    for (const { state } of this.#entries.values()) counts[state] += 1
    return counts
  }

  /** Bytes of a proof that is held, for whoever asks. */
  find(hash: Hex): Uint8Array | undefined {
    return this.#entries.get(hash)?.checked.bytes
  }

  /** This node has both messages itself: it brings them to the chain at once. Rejects with EVIDENCE_INVALID. */
  async found(proof: EvidenceProof): Promise<void> {
    await this.take(evidenceProofCodec.encode(proof), 'found')
  }

  /**
   * Checks a proof, keeps it, and sees to it that it comes to the chain. A fault that is punished, or of which a proof
   * is kept already, needs nothing more.
   *
   * @throws DuckMeshError as `readProof`; EVIDENCE_INVALID when the chain would not slash for it, NOT_SUPPORTED for one
   *   against this node, RATE_LIMITED when too many are kept, CHAIN_UNREACHABLE
   */
  async take(bytes: Uint8Array, source: ProofSource): Promise<void> {
    const checked = readProof(bytes, this.#components)
    const { accused, faultId, hash } = checked
    if (accused === this.#init.self.owner) {
      this.#components.logger.warn('evidence.against_self', { hash, kind: checked.proof.kind })
      throw new DuckMeshError('NOT_SUPPORTED', 'This peer is the accused: ask another one.')
    }
    const known = this.#kept(faultId)
    if (known !== undefined) {
      if (source === 'found') this.#hurry(known)
      return
    }
    // Not by fault: a proof that turns out void must not take a good one along.
    const taking = this.#taking.get(hash) ?? this.#judged(checked, source)
    this.#taking.set(hash, taking)
    try {
      await taking
    } finally {
      this.#taking.delete(hash)
    }
  }

  /** One that came to nothing is none: its owner may have staked again. */
  #kept(faultId: Hex): Entry | undefined {
    const hash = this.#byFault.get(faultId)
    const entry = hash === undefined ? undefined : this.#entries.get(hash)
    return entry?.state === 'void' ? undefined : entry
  }

  /** The victim does not wait, also when it heard of the fault first (P-12). */
  #hurry(entry: Entry): void {
    if (entry.state !== 'open' || entry.tries > 0) return
    entry.cancel()
    this.#schedule(entry, 0)
  }

  async #judged(checked: CheckedProof, source: ProofSource): Promise<void> {
    const { clock } = this.#components
    this.#makeRoom(checked.accused)
    const standing = await this.#standing(checked, source)
    if (standing === 'void') {
      throw new DuckMeshError('EVIDENCE_INVALID', 'The chain would not slash for this proof.')
    }
    if (this.#kept(checked.faultId) !== undefined) return
    const state = standing
    const entry = this.#keep(checked, { source, state, atMs: clock.now() })
    await this.#save(entry)
    const { accused, hash, proof } = checked
    this.#components.logger.info('evidence.kept', {
      hash,
      kind: proof.kind,
      accused,
      source,
      state,
    })
    if (state !== 'open') return
    if (source !== 'heard') void this.#announce(entry)
    this.#schedule(entry, this.#waitOf(entry))
  }

  /** What this node found itself is kept also while the chain does not answer. */
  async #standing(checked: CheckedProof, source: ProofSource): Promise<Standing> {
    try {
      return await this.#components.faults.judge(checked)
    } catch (error) {
      if (source === 'found') return 'open'
      throw toDuckMeshError(error)
    }
  }

  #waitOf({ checked, source }: Entry): number {
    const { maxDelayMs, self } = this.#init
    return source === 'found' ? 0 : submitDelay(self.owner, checked.hash, maxDelayMs)
  }

  #schedule(entry: Entry, ms: number): void {
    if (this.#stopped) return
    entry.cancel = this.#components.clock.after(ms, () => void this.#bring(entry))
  }

  /** Looks at the chain first: somebody else may have been faster (P-12). Never rejects. */
  async #bring(entry: Entry): Promise<void> {
    const { faults, logger, reporter } = this.#components
    const { checked } = entry
    entry.tries += 1
    try {
      const standing = await faults.judge(checked)
      if (standing !== 'open') await this.#end(entry, standing)
      else if (reporter === undefined) this.#schedule(entry, RETRY_MS)
      else {
        // Whoever is about to pay for it holds it too: the first holder may be gone.
        if (entry.source === 'heard' && entry.tries === 1) void this.#announce(entry)
        entry.tx = await reporter.report(checked)
        await this.#end(entry, 'submitted')
      }
    } catch (error) {
      const { code, details } = toDuckMeshError(error)
      const { hash } = checked
      logger.warn('evidence.not_submitted', { hash, code, error: details['error'] ?? '' })
      await this.#again(entry)
    }
  }

  /** A transaction that failed may have lost a race, or be in a block by now: that is success (P-13). */
  async #again(entry: Entry): Promise<void> {
    const { faults } = this.#components
    const standing = await faults.judge(entry.checked).catch((): Standing => 'open')
    if (standing !== 'open') await this.#end(entry, standing).catch(() => undefined)
    else if (entry.tries < MAX_TRIES) this.#schedule(entry, RETRY_MS)
  }

  async #end(entry: Entry, state: Exclude<ProofState, 'open'>): Promise<void> {
    const { logger } = this.#components
    const { accused, faultId, hash } = entry.checked
    entry.state = state
    logger.info('evidence.ended', { hash, faultId, accused, state, tx: entry.tx ?? '' })
    await this.#save(entry)
  }

  async #announce({ checked }: Entry): Promise<void> {
    const { announce, logger } = this.#components
    const { accused, bytes, hash, proof } = checked
    const { peerKey: holder } = this.#init.self
    try {
      await announce({ hash, kind: proof.kind, accused, size: bytes.length, holder })
    } catch (error) {
      logger.warn('evidence.not_announced', { hash, code: toDuckMeshError(error).code })
    }
  }

  #keep(
    checked: CheckedProof,
    { source, state, atMs, tx }: Pick<ProofRecord, 'source' | 'state' | 'atMs' | 'tx'>,
  ): Entry {
    const entry: Entry = { checked, source, state, atMs, tries: 0, cancel: () => undefined }
    if (tx !== undefined) entry.tx = tx
    this.#entries.get(checked.hash)?.cancel()
    this.#entries.set(checked.hash, entry)
    this.#byFault.set(checked.faultId, checked.hash)
    return entry
  }

  async #save({ atMs, checked, source, state, tx }: Entry): Promise<void> {
    const { bytes, hash } = checked
    const record = { hash, bytes, source, state, atMs }
    await this.#components.store.save(tx === undefined ? record : { ...record, tx })
  }

  /** Forgets what is over; what is open makes no room for more (P-14). Throws RATE_LIMITED. */
  #makeRoom(accused: Hex): void {
    const oldest = this.#components.clock.now() - PROOF_TTL_MS
    for (const entry of this.#entries.values()) if (entry.atMs < oldest) this.#forget(entry)
    const entries = [...this.#entries.values()]
    if (this.#entries.size >= MAX_PROOFS) {
      const over = entries.find(({ state }) => state !== 'open')
      if (over !== undefined) this.#forget(over)
    }
    const against = entries.filter(({ checked }) => checked.accused === accused).length
    if (this.#entries.size < MAX_PROOFS && against < MAX_PROOFS_PER_ACCUSED) return
    throw new DuckMeshError('RATE_LIMITED', 'Too many proofs are kept.', { details: { accused } })
  }

  #forget({ cancel, checked }: Entry): void {
    cancel()
    this.#entries.delete(checked.hash)
    if (this.#byFault.get(checked.faultId) === checked.hash) this.#byFault.delete(checked.faultId)
  }
}
