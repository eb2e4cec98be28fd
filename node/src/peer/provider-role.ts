/** The provider role: offers, load answers, jobs and redemption, driven by the rules of the mesh. */
import { jobFrameCodec } from '@duckmesh/protocols'
import type {
  Clock,
  Crypto,
  Envelope,
  Hex,
  Logger,
  ModelOffer,
  NetworkIdentity,
  Offer,
  Rng,
  Signer,
  Unsealer,
} from '@duckmesh/protocols'
import { JobServer } from '@duckmesh/protocols/dispatch'
import type { AuctionRules, QuoteBook } from '@duckmesh/protocols/dispatch'
import { CapsServer, OfferPublisher } from '@duckmesh/protocols/market'
import type { OfferBook, OwnPrices } from '@duckmesh/protocols/market'
import {
  CAPS_PROTOCOL,
  JOB_PROTOCOL,
  acceptSession,
  buildHello,
  codedError,
} from '@duckmesh/protocols/mesh'
import { frameStream, hostLimits } from '@duckmesh/protocols/mesh'
import type { BindingBook, GossipDriver } from '@duckmesh/protocols/mesh'
import { ProviderChannels, Redeemer, ServiceEarnings } from '@duckmesh/protocols/settlement'
import { ServiceRedeemer } from '@duckmesh/protocols/settlement'
import type { Redemption, ServicePort, SettlementPort } from '@duckmesh/protocols/settlement'
import { endAll } from '@duckmesh/sdk'
import type { Connection, Stream } from '@libp2p/interface'
import type { Config } from '../config/index.ts'
import type { PeerHost } from '../host/index.ts'
import type { NodeStore } from '../storage/index.ts'
import { demandComparable } from './comparable-models.ts'
import type { SegmentNotice } from './interface.ts'
import { ownOffer } from './own-offer.ts'
import type { OwnBinding } from './own-binding.ts'
import { RedeemLoop } from './redeem-loop.ts'
import type { ServedModels } from './served-models.ts'

/** What is asked for a model, and what its answer is when that is numbers. */
type ModelTerms = Pick<ModelOffer, 'numbers' | 'priceIn' | 'priceOut'>

export interface ProviderRoleComponents {
  /** Checks awards of auctioned jobs; asked for at each one. */
  auction: () => AuctionRules
  bindings: BindingBook
  binding: OwnBinding
  clock: Clock
  crypto: Crypto
  gossip: GossipDriver
  host: PeerHost
  logger: Logger
  network: NetworkIdentity
  /** Offers that this node knows; gossip does not bring it its own. */
  offers: OfferBook
  /** Ed25519 key of this node. */
  peerKey: Hex
  port: SettlementPort & ServicePort
  /** Redeems vouchers of channels: through a relay or alone. */
  redemptions: SettlementPort
  rng: Rng
  served: ServedModels
  signer: Signer
  store: NodeStore
  unsealer: Unsealer
}

export type ProviderSettings = NonNullable<Config['provider']>

export class ProviderRole {
  readonly channels: ProviderChannels
  readonly jobs: JobServer
  /** Fees that this node earned as a seat. */
  readonly fees: ServiceEarnings
  readonly #redeemer: Redeemer
  readonly #serviceRedeemer: ServiceRedeemer
  readonly #components: ProviderRoleComponents
  readonly #settings: ProviderSettings
  readonly #caps: CapsServer
  readonly #offers: OfferPublisher
  readonly #redeemLoop: RedeemLoop

  constructor(
    components: ProviderRoleComponents,
    settings: ProviderSettings,
    redeem: Config['redeem'],
    onState: (notice: SegmentNotice) => void,
  ) {
    const { logger, port, store } = components
    const provider = settings.owner
    this.#components = components
    this.#settings = settings
    this.channels = new ProviderChannels({ ...components, ledger: store.ledger, provider })
    this.fees = new ServiceEarnings({ ...components, services: store.services, provider })
    const shared = { logger, port, provider }
    const { ledger, services } = store
    const { redemptions } = components
    this.#redeemer = new Redeemer({
      ...{ logger, provider, port: redemptions },
      channels: this.channels,
      ledger,
    })
    this.#serviceRedeemer = new ServiceRedeemer({ ...shared, earnings: this.fees, services })
    this.#redeemLoop = new RedeemLoop({ ...components, ledger, services, redeemer: this }, redeem)
    this.#offers = this.#createOffers()
    const hello = (): ReturnType<typeof buildHello> =>
      buildHello(components.network, { peer: components.binding.current })
    this.#caps = new CapsServer({
      ...components,
      hello,
      load: () => this.load(),
      record: () => this.#offers.record(),
    })
    // Only auctioned awards can be for redundant jobs.
    const auction: AuctionRules = {
      check: async (frame) => {
        demandComparable(frame.order.order, components.served.models())
        return components.auction().check(frame)
      },
    }
    this.jobs = new JobServer(
      {
        ...components,
        auction,
        provider,
        engine: components.served,
        payments: this.channels,
        jobLog: store.jobs,
        quotes: quotesOf(this.#offers),
      },
      { slots: settings.slots, onState },
    )
  }

  /** Books what a crash left open, then serves. */
  async start(): Promise<void> {
    const { host } = this.#components
    await this.channels.recover()
    await this.jobs.recover()
    const limits = hostLimits('peer').protocolStreams
    await host.handle(JOB_PROTOCOL, this.#serveJobs, limits)
    await host.handle(CAPS_PROTOCOL, this.#caps.handle, limits)
    this.#offers.start()
    this.#components.served.start(() => {
      this.#offers.changed()
    })
    this.#redeemLoop.start()
  }

  /** Takes no more jobs and ends what runs; resolves when every account is closed. */
  async stop(): Promise<void> {
    const { host } = this.#components
    this.#offers.stop()
    this.#redeemLoop.stop()
    await endAll([() => host.unhandle([JOB_PROTOCOL, CAPS_PROTOCOL]), () => this.jobs.stop()])
  }

  /** A neighbour is new to the network's offers: tells it ours, at most once a second. */
  greet(): void {
    this.#offers.changed()
  }

  /** Redeems what is held for jobs and for seats. Resolves to the transactions; rejects with CHAIN_* codes. */
  async redeem(): Promise<Redemption[]> {
    // One after the other: both are sent by the operator's account.
    const jobs = await this.#redeemer.redeem()
    return [...jobs, ...(await this.#serviceRedeemer.redeem())]
  }

  /** What this node asks for a model now. */
  get prices(): OwnPrices {
    const { served } = this.#components
    return {
      quote: (modelId) => {
        const model = served.models().find((one) => one.modelId === modelId)
        return model && { ...this.#termsOf(modelId), contextLength: model.contextLength }
      },
    }
  }

  #termsOf(modelId: Hex): ModelTerms {
    const { served } = this.#components
    const numbers = served.numbersOf(modelId)
    return { ...served.pricesOf(modelId), ...(numbers === undefined ? {} : { numbers }) }
  }

  load(): { inFlight: number; slots: number; stepMs: number } {
    const { inFlight, stepMs } = this.jobs
    return { inFlight, slots: this.#settings.slots, stepMs }
  }

  #createOffers(): OfferPublisher {
    const { clock, logger, served } = this.#components
    const { owner: provider, slots } = this.#settings
    return new OfferPublisher({
      clock,
      logger,
      publish: (offer) => this.#publish(offer),
      source: () => ({
        provider,
        slots,
        models: served.models().map(({ modelId, name, determinism, contextLength }) => ({
          modelId,
          name,
          determinism,
          contextLength,
          ...this.#termsOf(modelId),
        })),
      }),
    })
  }

  async #publish(offer: Offer): Promise<Envelope> {
    const { clock, gossip, network, offers, peerKey } = this.#components
    const envelope = await gossip.publishOffer(offer)
    offers.put(ownOffer(envelope, offer, { network, peerKey }), clock.now())
    return envelope
  }

  /** One client's job stream: hello with what we hold of its channel, then frames until it ends. */
  readonly #serveJobs = async (stream: Stream, connection: Connection): Promise<void> => {
    const { binding, clock, logger, network } = this.#components
    try {
      const frames = frameStream({
        stream,
        remotePeer: connection.remotePeer,
        codec: jobFrameCodec,
        clock,
      })
      const session = await acceptSession(
        frames,
        async ({ hello, payer }) => {
          if (payer === undefined) return buildHello(network, { peer: binding.current })
          await this.channels.adopt(payer, hello.lastVoucher, hello.due)
          return buildHello(network, {
            peer: binding.current,
            ...(await this.channels.standing(payer)),
          })
        },
        this.#components,
        { expect: 'client' },
      )
      await this.jobs.serve(session)
      await session.stream.close()
    } catch (error) {
      const coded = codedError(error, 'STREAM_CLOSED', 'The job stream broke.')
      logger.debug('job.stream_ended', { code: coded.code })
      stream.abort(coded)
    }
  }
}

/** Prices by the hash of an own offer that is still good. */
function quotesOf(offers: OfferPublisher): QuoteBook {
  return {
    find: (bidHash: Hex, modelId: Hex) =>
      offers.find(bidHash)?.models.find((model) => model.modelId === modelId),
  }
}
