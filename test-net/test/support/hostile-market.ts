/** Real peers, and beside them one client, one staked stranger and all the frames that a test wants to send. */
import type { AwardFrame, BidSet, SignedBid } from '@duckmesh/proto'
import { account, providerAccounts } from '../../src/chain/accounts.ts'
import type { DevnetProvider } from '../../src/index.ts'
import { DUCK, TestNet, ownerOf, stopNets } from './devnets.ts'
import { RawClient, addressOf } from './raw-client.ts'
import { RawMarket, rankedBids, rawJob } from './raw-market.ts'
import type { JobWish, RawJob } from './raw-market.ts'
import { RawPeer, nextFrame, stopPeers } from './raw-peer.ts'
import { until } from './until.ts'

/** Of anvil's funded accounts, some that no role of the local network uses. */
export const PAYER: ReturnType<typeof account> = account(30)
/** Has 12 DUCK: 1.2 headers a second, twelve at once. */
export const POOR: ReturnType<typeof account> = account(31)
/** Staked before the first epoch: it bids and has a seat, and a test runs it. */
export const STRANGER: ReturnType<typeof providerAccounts> = providerAccounts(12)

type JobFrames = Awaited<ReturnType<RawClient['session']>>

export class HostileMarket {
  readonly world: TestNet
  /** The client's own peer. */
  readonly peer: RawPeer
  /** The stranger's own. */
  readonly strange: RawPeer
  /** Pays the first provider. */
  readonly client: RawClient
  /** The client at the seat of the first provider. */
  seat: RawMarket

  private constructor(
    world: TestNet,
    parts: Pick<HostileMarket, 'client' | 'peer' | 'seat' | 'strange'>,
  ) {
    this.world = world
    this.peer = parts.peer
    this.strange = parts.strange
    this.client = parts.client
    this.seat = parts.seat
  }

  static async start(): Promise<HostileMarket> {
    const { key, peerKey } = await RawPeer.newKey()
    process.env['DUCKMESH_LOG_LEVEL'] = 'debug'
    const started = TestNet.start({ providers: 3, strangers: [{ ...STRANGER, peerKey }] })
    const world = await started.finally(() => delete process.env['DUCKMESH_LOG_LEVEL'])
    const { funder, network, provider, providers } = world.net
    await funder.fundPayer(PAYER, providers)
    await funder.depositFor(POOR, 12n * DUCK)
    const address = addressOf(provider.child.lastReady?.['addresses'])
    const peer = await RawPeer.start(network)
    const strange = await RawPeer.start(network, key)
    const client = await RawClient.start(peer, PAYER, address)
    const seat = await RawMarket.asClient(peer, PAYER, address)
    return new HostileMarket(world, { client, peer, seat, strange })
  }

  /** The client's stream to the seat; a new one when a busy machine cost the last one its connection. */
  async openSeat(): Promise<RawMarket> {
    if (this.seat.ended) this.seat = await RawMarket.asClient(this.peer, PAYER, this.at(0))
    return this.seat
  }

  async stop(): Promise<void> {
    for (const { child } of this.world.net.providers) child.process.kill('SIGCONT')
    await stopPeers()
    await stopNets()
  }

  provider(n: number): DevnetProvider {
    const found = this.world.net.providers[n]
    if (found === undefined) throw new TypeError(`There is no provider ${n}.`)
    return found
  }

  /** Where a provider listens. */
  at(n: number): string {
    return addressOf(this.provider(n).child.lastReady?.['addresses'])
  }

  job(wish: JobWish = {}): Promise<RawJob> {
    return rawJob(this.peer, PAYER, this.client.quote.model, wish)
  }

  /** Log lines of a provider from now on, until one is of that event; gives one of its fields. */
  logged(provider: DevnetProvider, event: string, field = 'code'): () => Promise<string> {
    const { logs } = this.world
    const from = logs.length
    return () =>
      until(`${provider.name} logs ${event}`, () => {
        const lines = logs.slice(from).filter(({ process }) => process === provider.name)
        const found = lines.map(({ line }) => JSON.parse(line) as Record<string, string>)
        return found.find((line) => line['event'] === event)?.[field]
      })
  }

  /** The bid of a provider in a set. */
  async bidOf(wanted: RawJob, set: BidSet, of: DevnetProvider): Promise<SignedBid> {
    const found = (await rankedBids(wanted, set)).find(({ bid }) => bid.provider === ownerOf(of))
    if (found === undefined) throw new TypeError(`${of.name} did not bid.`)
    return found
  }

  /** How a provider answers an award: `accept`, or the code of its refusal. */
  async answerTo(award: AwardFrame, to: RawClient = this.client): Promise<string> {
    const frames = await to.session()
    await frames.send({ kind: 'award', award })
    const answer = await nextFrame(frames)
    if (answer?.kind === 'accept') {
      to.took(award.voucher)
      await lastReceipt(frames)
    }
    await frames.close()
    return answer?.kind === 'refuse' ? answer.refuse.code : (answer?.kind ?? 'the stream ended')
  }
}

async function lastReceipt(frames: JobFrames): Promise<void> {
  for (;;) {
    const frame = await nextFrame(frames)
    if (frame === undefined) throw new TypeError('The stream ended.')
    if (frame.kind === 'receipt' && frame.receipt.receipt.receipt.last) return
  }
}
