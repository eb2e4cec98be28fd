/** A peer's place in the mesh: host, bindings, gossip and the way to the seeds. */
import { ElectionSeatRules } from '@duckmesh/protocols/election'
import { CapsClient, OfferBook, bookEntry } from '@duckmesh/protocols/market'
import type { Hex } from '@duckmesh/protocols'
import { BindingBook, GossipDriver, allShards, buildHello } from '@duckmesh/protocols/mesh'
import { gossipOptions, hostLimits } from '@duckmesh/protocols/mesh'
import type { GossipHandlers } from '@duckmesh/protocols/mesh'
import type { Config } from '../config/index.ts'
import { NodePeerSigner } from '../crypto/index.ts'
import { SeedKeeper, createPeerHost, openPeerDatastore } from '../host/index.ts'
import type { PeerHost } from '../host/index.ts'
import { BindingFetcher } from './binding-fetcher.ts'
import type { Closers } from './closers.ts'
import type { PeerBase } from './open-base.ts'
import { OwnBinding } from './own-binding.ts'

export interface PeerMesh {
  binding: OwnBinding
  bindings: BindingBook
  gossip: GossipDriver
  /** What roles hear; each sets its own when it starts. */
  handlers: GossipHandlers
  host: PeerHost
  /** Live offers of the network. */
  offers: OfferBook
  /** Ed25519 key of this node. */
  ownKey: Hex
}

/** Listens, joins the topics and connects to the first seed. Rejects with PORT_IN_USE, STORE_LOCKED or NO_PEERS. */
export async function joinMesh(
  config: Config,
  base: PeerBase,
  closers: Closers,
): Promise<PeerMesh> {
  const host = await startHost(config, base, closers)
  const { clock, crypto, network } = base
  const bindings = new BindingBook({ network, crypto, clock })
  const started = await startGossip({ ...base, bindings, host }, closers)
  const components = { ...base, host, rng: crypto }
  const seeds = closers.opened(new SeedKeeper(components, { seeds: config.seeds }), (keeper) => {
    keeper.stop()
  })
  await seeds.join()
  return { ...started, bindings, host }
}

async function startHost(config: Config, base: PeerBase, closers: Closers): Promise<PeerHost> {
  const { local } = config.network
  const gossipInit = { network: base.network.name, shards: allShards(), loopback: local }
  const files = await openPeerDatastore(base.dir.datastore)
  const datastore = closers.opened(files, (open) => open.close())
  const host = await createPeerHost({
    privateKey: base.peerKey,
    datastore,
    listen: config.listen,
    gossip: gossipOptions(gossipInit),
    limits: hostLimits('peer'),
    local,
  })
  return closers.opened(host, (node) => node.stop())
}

type GossipParts = PeerBase & { bindings: BindingBook; host: PeerHost }

async function startGossip(
  parts: GossipParts,
  closers: Closers,
): Promise<Omit<PeerMesh, 'bindings' | 'host'>> {
  const { chain, clock, host, network } = parts
  const signer = new NodePeerSigner(parts.peerKey)
  const own = await OwnBinding.create({ ...parts, peerKey: signer.peerKey })
  const binding = closers.opened(own, (renewed) => {
    renewed.stop()
  })
  const hello = (): ReturnType<typeof buildHello> => buildHello(network, { peer: binding.current })
  const caps = closers.opened(new CapsClient({ ...parts, stake: chain.stake, hello }), (client) =>
    client.stop(),
  )
  const fetcher = closers.opened(new BindingFetcher({ ...parts, caps }), (started) => {
    started.stop()
  })
  const offers = new OfferBook()
  const handlers: GossipHandlers = {
    offer: (received) => offers.put(bookEntry(received), clock.now()),
    unknownPeer: (peerKey) => void fetcher.fetch(peerKey),
  }
  const views = { stake: chain.stake, funding: chain.funding }
  const gossip = new GossipDriver(
    {
      ...parts,
      ...views,
      pubsub: host.services.pubsub,
      seats: new ElectionSeatRules(chain.view),
      signer,
    },
    handlers,
    { shards: allShards() },
  )
  closers.opened(gossip, (driver) => {
    driver.stop()
  })
  gossip.start()
  gossip.announce(() => binding.current)
  return { binding, gossip, handlers, offers, ownKey: signer.peerKey }
}
