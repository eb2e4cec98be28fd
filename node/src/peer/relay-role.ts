/** Redemptions together: by a relay that this provider chose, or by this node for others. */
import type { Clock, Crypto, Hex, Logger, NetworkIdentity, Rng, Signer } from '@duckmesh/protocols'
import type { OfferBook } from '@duckmesh/protocols/market'
import { RELAY_PROTOCOL, buildHello, hostLimits, peerIdStringOf } from '@duckmesh/protocols/mesh'
import type { BindingBook, StakeView } from '@duckmesh/protocols/mesh'
import {
  RelayBatcher,
  RelayClient,
  RelayServer,
  RelayedSettlement,
} from '@duckmesh/protocols/settlement'
import type {
  RelayPort,
  RelayRoute,
  RelayTarget,
  RelayedPort,
  SettlementPort,
} from '@duckmesh/protocols/settlement'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Config } from '../config/index.ts'
import type { PeerHost } from '../host/index.ts'
import type { OwnBinding } from './own-binding.ts'

export interface RelayRoleComponents {
  binding: OwnBinding
  bindings: BindingBook
  clock: Clock
  crypto: Crypto
  host: PeerHost
  logger: Logger
  network: NetworkIdentity
  offers: Pick<OfferBook, 'entries'>
  port: RelayPort & RelayedPort
  rng: Rng
  signer: Signer
  stake: StakeView
}

export class RelayRole {
  /** Redeems this provider's vouchers: by a relay first where there is one, else alone. */
  readonly redemptions: SettlementPort
  readonly #components: RelayRoleComponents
  readonly #batcher: RelayBatcher | undefined
  readonly #client: RelayClient | undefined
  readonly #feeBps: number

  constructor(
    components: RelayRoleComponents,
    { redeem, relay }: Pick<Config, 'redeem' | 'relay'>,
  ) {
    const { port } = components
    this.#components = components
    this.#feeBps = relay.feeBps
    this.#batcher = relay.enabled ? new RelayBatcher(components, relay) : undefined
    this.#client = redeem.relay === 'none' ? undefined : this.#createClient(redeem)
    const route = this.#client ?? ownRoute(this.#batcher)
    this.redemptions = route === undefined ? port : new RelayedSettlement({ ...components, route })
  }

  /** Takes requests of others, when this node is a relay. */
  async start(): Promise<void> {
    const { binding, host, network } = this.#components
    if (this.#batcher === undefined) return
    const server = new RelayServer({
      ...this.#components,
      batcher: this.#batcher,
      feeBps: this.#feeBps,
      hello: () => buildHello(network, { peer: binding.current }),
    })
    await host.handle(RELAY_PROTOCOL, server.handle, hostLimits('peer').protocolStreams)
  }

  /** Takes no more requests; resolves when those that were sent have their answer. */
  async stop(): Promise<void> {
    await this.#components.host.unhandle(RELAY_PROTOCOL)
    await this.#client?.stop()
    await this.#batcher?.stop()
  }

  #createClient({ relay, relayFeeBps }: Config['redeem']): RelayClient {
    const { binding, clock, network, offers } = this.#components
    const hello = (): ReturnType<typeof buildHello> =>
      buildHello(network, { peer: binding.current })
    const target = relayTarget(relay, { clock, offers })
    return new RelayClient({ ...this.#components, hello, target }, { feeBps: relayFeeBps })
  }
}

/** A relay's own vouchers go with those of others. */
function ownRoute(batcher: RelayBatcher | undefined): RelayRoute | undefined {
  if (batcher === undefined) return undefined
  return {
    relay: async (provider, vouchers): Promise<Hex> =>
      (await batcher.add({ provider, vouchers })).hash,
  }
}

/** Who is meant by an owner address or a peer id; the peer of an owner is the one whose offer is live. */
export function relayTarget(
  name: string,
  { clock, offers }: Pick<RelayRoleComponents, 'clock' | 'offers'>,
): RelayTarget {
  if (!name.startsWith('0x')) return { find: () => peerIdFromString(name) }
  const find = (): PeerId | undefined => {
    const live = offers.entries(clock.now()).find(({ offer }) => offer.provider === name)
    return live && peerIdFromString(peerIdStringOf(live.peerKey))
  }
  return { owner: name as Hex, find }
}
