/** The evidence role: proofs that this node finds, hears of or is given, on their way to the chain. */
import {
  EvidenceClient,
  EvidenceCollector,
  EvidenceDesk,
  EvidenceServer,
  SUBMIT_DELAY_MS,
} from '@duckmesh/protocols/evidence'
import type { FaultReporter, FaultView, ProofCounts } from '@duckmesh/protocols/evidence'
import type { Clock, Crypto, Hex, Logger, NetworkIdentity } from '@duckmesh/protocols'
import type { EvidenceStore } from '@duckmesh/protocols/market'
import { EVIDENCE_PROTOCOL, buildHello, hostLimits, peerIdStringOf } from '@duckmesh/protocols/mesh'
import type { BindingBook, GossipDriver, GossipHandlers } from '@duckmesh/protocols/mesh'
import { endAll } from '@duckmesh/sdk'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Accusation, ChainAccusations } from '../chain/index.ts'
import type { PeerHost } from '../host/index.ts'
import type { NodeStore } from '../storage/index.ts'
import { FoundEvidence, StoredProofs } from './evidence-store.ts'
import { AccusationWatch } from './evidence-watch.ts'
import { StoredEvidence } from './market-records.ts'
import type { OwnBinding } from './own-binding.ts'

/** Between two looks for accusations, ms: a fraction of the time a dispute takes to draw its referees. */
const WATCH_MS = { local: 2_000, public: 30_000 }

export interface EvidenceRoleComponents {
  accusations: ChainAccusations
  binding: OwnBinding
  bindings: BindingBook
  clock: Clock
  crypto: Crypto
  faults: FaultView & FaultReporter
  gossip: Pick<GossipDriver, 'publishEvidence'>
  host: PeerHost
  logger: Logger
  network: NetworkIdentity
  /** Ed25519 key of this node. */
  peerKey: Hex
  /** Owner address of this node. */
  provider: Hex
  store: NodeStore
}

export interface EvidenceRoleInit {
  local: boolean
  /** Whether this node pays for transactions with proofs. */
  submit: boolean
}

export class EvidenceRole {
  /** Where the market keeps what it finds. */
  readonly found: EvidenceStore
  readonly #components: EvidenceRoleComponents
  readonly #client: EvidenceClient
  readonly #collector: EvidenceCollector
  readonly #desk: EvidenceDesk
  readonly #watch: AccusationWatch

  constructor(components: EvidenceRoleComponents, { local, submit }: EvidenceRoleInit) {
    const { accusations: chain, clock, faults, gossip, logger, network, store } = components
    this.#components = components
    const net = local ? 'local' : 'public'
    this.#desk = new EvidenceDesk(
      {
        ...components,
        announce: (notice) => gossip.publishEvidence(notice),
        reporter: submit ? faults : undefined,
        store: new StoredProofs(store.records),
      },
      {
        self: { owner: components.provider, peerKey: components.peerKey },
        maxDelayMs: SUBMIT_DELAY_MS[net],
      },
    )
    this.#client = new EvidenceClient({ ...components, hello: () => this.#hello() })
    this.#collector = new EvidenceCollector({
      ...components,
      desk: this.#desk,
      self: components.provider,
      fetch: (holder, hash, signal) =>
        this.#client.fetch(peerIdFromString(peerIdStringOf(holder)), hash, { signal }),
    })
    const kept = new StoredEvidence({ clock, records: store.records })
    this.found = new FoundEvidence({ desk: this.#desk, kept, logger, network })
    this.#watch = new AccusationWatch({ chain, clock, logger, meta: store.meta }, WATCH_MS[net])
  }

  /** What gossip brings this role. */
  get handlers(): Pick<GossipHandlers, 'evidence'> {
    return {
      evidence: (notice) => {
        this.#collector.heard(notice)
      },
    }
  }

  /** Proofs that are kept here. */
  get counts(): ProofCounts {
    return this.#desk.counts
  }

  /** What the chain says against this provider, newest first. */
  get accusations(): Accusation[] {
    return this.#watch.list
  }

  /** Goes on with the proofs of an earlier run, then answers questions. */
  async start(): Promise<void> {
    const { host } = this.#components
    await this.#desk.start()
    await this.#watch.start()
    const server = new EvidenceServer({
      ...this.#components,
      desk: this.#desk,
      hello: () => this.#hello(),
    })
    await host.handle(EVIDENCE_PROTOCOL, server.handle, hostLimits('peer').protocolStreams)
  }

  async stop(): Promise<void> {
    const { host } = this.#components
    this.#watch.stop()
    this.#collector.stop()
    this.#desk.stop()
    await endAll([() => host.unhandle(EVIDENCE_PROTOCOL), () => this.#client.stop()])
  }

  #hello(): ReturnType<typeof buildHello> {
    const { binding, network } = this.#components
    return buildHello(network, { peer: binding.current })
  }
}
