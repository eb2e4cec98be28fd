/** A JobRun with everything around it scripted: auctions, places, money; the clock stands still. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { Hex, NetworkIdentity, Signer } from '@duckmesh/protocols'
import { MODE_REDUNDANT, MODE_REFERENCE } from '@duckmesh/protocols/dispatch'
import { OfferBook } from '@duckmesh/protocols/market'
import { privateKeyToAccount } from 'viem/accounts'
import { accountSigner } from '../../src/crypto/account-signer.ts'
import { SdkCrypto } from '../../src/crypto/sdk-crypto.ts'
import type { JobEvent, WholeOutcome } from '../../src/job/interface.ts'
import { JobRun } from '../../src/job/job-run.ts'
import type { JobRunComponents } from '../../src/job/job-run.ts'
import type { JobDraft } from '../../src/job/plan-job.ts'
import { ProviderBans } from '../../src/job/provider-bans.ts'
import type { JobTranscript } from '../../src/store/transcripts.ts'
import { silentLogger } from '../../src/silent-logger.ts'
import { BINDING, FakeAuctioneer } from './fake-auctioneer.ts'
import type { ScriptedAuction } from './fake-auctioneer.ts'
import { FakeClock } from './fake-clock.ts'
import { FakePlaces } from './fake-places.ts'
import type { Script } from './fake-places.ts'
import { MODEL, address, bookEntry, bytes32 } from './offers.ts'

const network: NetworkIdentity = { name: '31337-00000000', chainId: 31_337, registry: address(9) }
export const signer: Signer = accountSigner(privateKeyToAccount(bytes32(0xc1)))
const sealed = { enc: new Uint8Array(32), ciphertext: new Uint8Array(1) }

export interface WorldInit {
  auctions?: readonly (ScriptedAuction | Error | 'hang')[]
  /** By owner. */
  scripts?: Iterable<[Hex, Script]>
  /** Numbers of providers with an offer, cheapest first: for the direct lane. */
  offers?: readonly number[]
  draft?: Partial<JobDraft>
  over?: Partial<JobRunComponents>
}

export class RunWorld {
  readonly clock = new FakeClock()
  readonly bans: ProviderBans = new ProviderBans(this.clock)
  readonly auctioneer: FakeAuctioneer
  readonly places: FakePlaces
  readonly stored: JobTranscript[] = []
  readonly fees: { seat: Hex; amount: bigint }[] = []
  readonly #init: WorldInit
  #nonce = 0

  constructor(init: WorldInit = {}) {
    this.#init = init
    this.auctioneer = new FakeAuctioneer(...(init.auctions ?? []))
    this.places = new FakePlaces(this.clock, init.scripts ?? [])
  }

  start(): Promise<JobRun> {
    return JobRun.start({ ...this.#components(), ...this.#init.over }, this.#draft())
  }

  /** Runs the job to its end. */
  async run(): Promise<{ run: JobRun; events: JobEvent[] }> {
    const run = await this.start()
    const events: JobEvent[] = []
    for await (const event of run) events.push(event)
    await run.settled
    return { run, events }
  }

  #draft(): JobDraft {
    const mode = this.#init.draft?.mode ?? MODE_REFERENCE
    return {
      spec: { bytes: new Uint8Array(8), specHash: bytes32(3) },
      modelId: MODEL,
      inBucket: 16,
      maxTokens: 64,
      maxPrice: 10n ** 12n,
      deadline: this.clock.now() / 1_000 + 600,
      mode,
      replicas: mode === MODE_REDUNDANT ? 3 : 1,
      lane: 'auction',
      exclude: [],
      ...this.#init.draft,
    }
  }

  #components(): JobRunComponents {
    const { auctioneer, bans, clock, fees, places, stored } = this
    const crypto = new SdkCrypto()
    return {
      auctioneer,
      bans,
      binding: () => Promise.resolve(BINDING),
      channels: { mayCover: () => Promise.resolve(true) },
      clock,
      connector: places.connector,
      crypto: Object.assign(crypto, { seal: () => Promise.resolve(sealed) }),
      finder: finderOf(this.#init.offers ?? [], clock.now()),
      logger: silentLogger,
      network,
      nonces: { nextNonce: () => Promise.resolve((this.#nonce += 1)) },
      rng: crypto,
      service: {
        pay: (seat, amount) => {
          fees.push({ seat, amount })
          const voucher = { payer: signer.address, provider: seat, cumulative: amount }
          return Promise.resolve({ voucher, signature: BINDING.signature })
        },
      },
      signer,
      transcripts: {
        save: (transcript) => {
          stored.push(transcript)
          return Promise.resolve()
        },
      },
    }
  }
}

function finderOf(numbers: readonly number[], nowMs: number): JobRunComponents['finder'] {
  const book = new OfferBook()
  for (const n of numbers) book.put(bookEntry({ n, nowMs }), nowMs)
  return {
    book,
    load: () => Promise.resolve({ inFlight: 0, slots: 4, stepMs: 0 }),
    forget: (peerKey) => {
      book.remove(peerKey)
    },
    // Like a search, which finds a provider that was forgotten with a newer offer.
    offers: () => {
      for (const n of numbers) {
        const known = book.entries(nowMs).some(({ offer }) => offer.provider === address(n))
        if (!known) book.put({ ...bookEntry({ n, nowMs }), offerHash: newOffer(n) }, nowMs)
      }
      return Promise.resolve(book.entries(nowMs))
    },
  }
}

/** Hash of the offer that provider n signs after its first one. */
export function newOffer(n: number): Hex {
  return bytes32(0x1000 + n)
}

export function unreachable(): DuckMeshError {
  return new DuckMeshError('SEATS_UNREACHABLE', 'No seat made a match.')
}

/** Events as short words: the state of `job`, the type of any other. */
export function wordsOf(events: readonly JobEvent[]): string[] {
  return events.map((event) => (event.type === 'job' ? event.state : `(${event.type})`))
}

export function statesOf({ states }: Pick<WholeOutcome, 'states'>): string[] {
  return states.map(({ state }) => state)
}
