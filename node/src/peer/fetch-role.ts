/** Models for other peers: serves what this node has by hash, and tells the DHT of it (docs/spec/fetch.md). */
import { join } from 'node:path'
import { FetchServer } from '@duckmesh/protocols/fetch'
import type { Clock, Hex, Logger, NetworkIdentity } from '@duckmesh/protocols'
import type { FetchServerInit } from '@duckmesh/protocols/fetch'
import { FETCH_PROTOCOL, buildHello, hostLimits } from '@duckmesh/protocols/mesh'
import type { BindingBook } from '@duckmesh/protocols/mesh'
import type { Config } from '../config/index.ts'
import type { EngineHost } from '../engine/index.ts'
import { HolderAnnouncer, PackedModels, SharedModels, sha256 } from '../fetch/index.ts'
import type { PeerHost } from '../host/index.ts'
import { ModelStore, storeFolderOf } from '../models/index.ts'
import type { OwnBinding } from './own-binding.ts'

export interface FetchRoleComponents {
  binding: OwnBinding
  bindings: BindingBook
  clock: Clock
  host: PeerHost
  logger: Logger
  network: NetworkIdentity
  /** Ed25519 key of this node. */
  ownKey: Hex
  /** Whose models are in folders named by their CID. */
  engine: Pick<EngineHost, 'models'>
}

type FetchSettings = Pick<Config, 'dataDir' | 'modelStore' | 'models' | 'provider'>

export class FetchRole {
  readonly #components: FetchRoleComponents
  readonly #config: FetchSettings
  readonly #limits: FetchServerInit
  #announcer: HolderAnnouncer | undefined

  /** `limits` are those of docs/spec/fetch.md when left out. */
  constructor(
    components: FetchRoleComponents,
    config: FetchSettings,
    limits: FetchServerInit = {},
  ) {
    this.#components = components
    this.#config = config
    this.#limits = limits
  }

  /** Does nothing when the configuration says that models are not shared. Rejects as `ModelStore.at`. */
  async start(): Promise<void> {
    const { binding, clock, host, network, ownKey } = this.#components
    if (!this.#config.models.share) return
    const store = await ModelStore.at(storeFolderOf(this.#config), { clock })
    const packed = await PackedModels.open(this.#folders())
    const source = new SharedModels({ clock, packed, store })
    const hello = (): ReturnType<typeof buildHello> =>
      buildHello(network, { peer: binding.current })
    const server = new FetchServer({ ...this.#components, hello, sha256, source }, this.#limits)
    await host.handle(FETCH_PROTOCOL, server.handle, hostLimits('peer').protocolStreams)
    this.#announcer = new HolderAnnouncer({
      ...this.#components,
      network: network.name,
      peerKey: ownKey,
      models: () => source.ids(),
    })
    this.#announcer.start()
  }

  /** Only what the engine loaded: its hashes were right. Those of the store are served from there. */
  #folders(): string[] {
    const { modelsDir } = this.#config.provider ?? {}
    if (modelsDir === undefined) return []
    return this.#components.engine.models().map(({ cid }) => join(modelsDir, cid))
  }

  async stop(): Promise<void> {
    this.#announcer?.stop()
    await this.#components.host.unhandle(FETCH_PROTOCOL)
  }
}
