/** Fetches a model as a stranger: a host of its own that listens nowhere, joined by the seeds of the network. */
import { FetchClient, pullModel } from '@duckmesh/protocols/fetch'
import type { Hex, Logger } from '@duckmesh/protocols'
import type { BlobSink, PullEvent, TakenManifest } from '@duckmesh/protocols/fetch'
import { BindingBook, buildHello } from '@duckmesh/protocols/mesh'
import { createClientHost, identityOf, joinSeeds, systemClock } from '@duckmesh/sdk'
import type { NetworkConfig } from '@duckmesh/sdk'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { NodeCrypto } from '../crypto/index.ts'
import { holderSearch } from './holder-search.ts'
import { sha256 } from './sha256.ts'

/** How long the seeds are tried, ms. */
const JOIN_TIMEOUT_MS = 15_000

export interface PullFromNetworkInit {
  network: NetworkConfig
  modelId: Hex
  sink: BlobSink
  logger: Logger
  signal?: AbortSignal
  onEvent?: (event: PullEvent) => void
}

/** Resolves when the sink has the model. Rejects with NO_PEERS when no seed answers, or as `pullModel`. */
export async function pullFromNetwork(init: PullFromNetworkInit): Promise<TakenManifest> {
  const { logger, modelId, signal, sink } = init
  const clock = systemClock
  const network = identityOf(init.network)
  const privateKey = await generateKeyPair('Ed25519')
  const host = await createClientHost({ privateKey, local: init.network.local })
  try {
    await joinSeeds(host, init.network.seeds, { clock, timeoutMs: JOIN_TIMEOUT_MS, signal })
    const crypto = new NodeCrypto()
    const bindings = new BindingBook({ network, crypto, clock })
    const hello = (): ReturnType<typeof buildHello> => buildHello(network, {})
    const port = new FetchClient({ bindings, clock, hello, host, network })
    const found = { host, clock, logger, rng: crypto, network: network.name }
    const search = holderSearch(found, modelId)
    const { onEvent } = init
    return await pullModel(
      { clock, logger, port, search, sha256, sink },
      { modelId, onEvent, signal },
    )
  } finally {
    await host.stop()
  }
}
