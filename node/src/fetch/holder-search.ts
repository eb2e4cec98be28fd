/** Searches the DHT for peers that have a model (docs/spec/fetch.md F-50 to F-53). */
import { bytesToHex } from '@duckmesh/protocols'
import { BUCKET_BITS, KEY_HOLDERS, holderKey } from '@duckmesh/protocols/fetch'
import type { Clock, Hex, Logger, Rng } from '@duckmesh/protocols'
import type { HolderSearch } from '@duckmesh/protocols/fetch'
import { discoveryKey } from '@duckmesh/protocols/market'
import { timeLimit } from '@duckmesh/sdk'
import type { Libp2p, PeerId, PeerInfo } from '@libp2p/interface'

/** One search under one key, ms. */
const TIMEOUT_MS = 10_000

/** What a search uses of a libp2p host. */
export interface SearchingHost extends Pick<Libp2p, 'peerId'> {
  contentRouting: Pick<Libp2p['contentRouting'], 'findProviders'>
  peerStore: Pick<Libp2p['peerStore'], 'merge'>
}

export interface HolderSearchComponents {
  host: SearchingHost
  clock: Clock
  logger: Logger
  rng: Rng
  network: string
}

type Key = Awaited<ReturnType<typeof holderKey>>

/**
 * Tells holders as they are found: under the model's plain key, while it is crowded also under a bucket drawn at
 * random, and providers of the network, who serve it perhaps, when nobody announced it (F-53).
 */
export function holderSearch(components: HolderSearchComponents, modelId: Hex): HolderSearch {
  const { network, rng } = components
  return async function* search(signal) {
    let found = 0
    for (const bits of BUCKET_BITS) {
      if (bits > 0 && found < KEY_HOLDERS) break
      const bucket = bytesToHex(rng.bytes(1)).slice(2, 2 + bits / 4)
      found = 0
      for await (const peer of under(
        components,
        await holderKey(network, modelId, bucket),
        signal,
      )) {
        found++
        yield peer
      }
      if (bits === 0 && found === 0) yield* under(components, await discoveryKey(network), signal)
    }
  }
}

/** Peers announced under this key; none when the search fails. */
async function* under(
  { clock, host, logger }: HolderSearchComponents,
  key: Key,
  signal: AbortSignal,
): AsyncGenerator<PeerId> {
  const limit = timeLimit(clock, TIMEOUT_MS, [signal])
  try {
    const found: AsyncIterable<PeerInfo> = host.contentRouting.findProviders(key, {
      signal: limit.signal,
    })
    for await (const { id, multiaddrs } of found) {
      if (id.equals(host.peerId)) continue
      if (multiaddrs.length > 0) await host.peerStore.merge(id, { multiaddrs })
      yield id
    }
  } catch (error) {
    logger.debug('models.search_ended', { error })
  } finally {
    limit.clear()
  }
}
