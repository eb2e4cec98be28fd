/** A payer and a provider with real keys, joined by streams in memory: what driver tests run jobs on. */
import { bytesToHex, jobFrameCodec, tokenHash } from '@duckmesh/proto'
import type { AwardFrame, Hex, JobFrame, JobSpec } from '@duckmesh/proto'
import { JobConnection, JobServer, ZERO_HASH, saltSpec } from '../../src/dispatch/index.ts'
import { sealSpec, segmentPriceCap, signAward, signOrder } from '../../src/dispatch/index.ts'
import type { ClientRun, ClientRunEvent, SegmentFacts, Terms } from '../../src/dispatch/index.ts'
import type { QuoteBook } from '../../src/dispatch/index.ts'
import { ClientChannels, ProviderChannels } from '../../src/settlement/index.ts'
import { FakeClock, settle } from './fake-clock.ts'
import { MemoryJobLog, MemoryLedger, MemoryNonces } from './memory-stores.ts'
import { memoryLogger } from './memory-logger.ts'
import { ModelPort } from './model-port.ts'
import { ScriptedEngine } from './scripted-engine.ts'
import { streamPair } from './stream-pair.ts'
import type { MemoryStream, StreamPairInit } from './stream-pair.ts'
import { TEST_NETWORK, testCrypto, testRng, testSigner, testUnsealer } from './test-crypto.ts'

export const PROVIDER: Hex = testSigner('owner').address
export const MODEL: Hex = `0x${'3a'.repeat(32)}`
export const OFFER: Hex = `0x${'0f'.repeat(32)}`
/** Wei per 1 000 tokens; odd numbers, so that every step rounds. */
export const PRICES = { priceIn: 250_000_000_000_000_003n, priceOut: 1_000_000_000_000_000_007n }

export interface JobInput {
  maxTokens?: number
  inBucket?: number
  budget?: bigint
  maxPrice?: bigint
  lifeMs?: number
  segment?: number
  /** What the order signs instead of the hash of the spec. */
  specHash?: Hex
  /** What the spec says instead of what the award says. */
  spec?: Partial<JobSpec>
}

export interface PreparedJob {
  facts: SegmentFacts
  frame: Omit<AwardFrame, 'voucher'>
}

export interface Link {
  connection: JobConnection
  client: MemoryStream<JobFrame>
  provider: MemoryStream<JobFrame>
  /** Settles when the server is done with the session. */
  served: Promise<void>
}

/** One payer with its stores. */
export class Payer {
  readonly signer
  readonly ledger: MemoryLedger
  readonly jobLog = new MemoryJobLog()
  readonly nonces = new MemoryNonces()
  readonly channels: ClientChannels

  constructor(port: ModelPort, label = 'payer', ledger = new MemoryLedger()) {
    this.signer = testSigner(label)
    this.ledger = ledger
    this.channels = new ClientChannels({
      crypto: testCrypto,
      ledger,
      network: TEST_NETWORK,
      port,
      signer: this.signer,
    })
  }

  get address(): Hex {
    return this.signer.address
  }

  /** The same account after its process died. */
  restarted(port: ModelPort, label = 'payer'): Payer {
    return new Payer(port, label, this.ledger.afterCrash())
  }
}

export class JobWorld {
  readonly clock = new FakeClock()
  readonly port = new ModelPort()
  readonly engine = new ScriptedEngine()
  readonly logger = memoryLogger()
  readonly operator = testSigner('operator')
  readonly unsealer = testUnsealer('provider')
  readonly states: string[] = []
  readonly rng = testRng('jobs')
  quotes: QuoteBook = { find: (bid) => (bid === OFFER ? PRICES : undefined) }
  slots: number
  ledger = new MemoryLedger()
  jobLog = new MemoryJobLog()
  channels: ProviderChannels
  server: JobServer
  payer: Payer
  /** Bodies of frames in the order they were sent, as `c:award`, `p:accept`. */
  readonly wire: string[] = []

  constructor(slots = 4) {
    this.slots = slots
    this.payer = this.newPayer()
    this.channels = this.#newChannels()
    this.server = this.#newServer()
  }

  newPayer(label = 'payer', allotted = 10n ** 21n): Payer {
    const payer = new Payer(this.port, label)
    this.port.allot(payer.address, PROVIDER, allotted)
    return payer
  }

  /** The provider process dies; what was not synced is gone. */
  async restartProvider(): Promise<void> {
    this.ledger = this.ledger.afterCrash()
    this.jobLog = this.jobLog.afterCrash()
    this.channels = this.#newChannels()
    this.server = this.#newServer()
    await this.channels.recover()
  }

  /** Opens a stream: both hellos with the last voucher, as node and sdk do. */
  async connect(init: StreamPairInit<JobFrame> = {}, payer = this.payer): Promise<Link> {
    const { channels, operator, unsealer } = this
    const hello = { version: 1, network: TEST_NETWORK.name }
    const ours = await payer.channels.standing(PROVIDER)
    await channels.adopt(payer.address, ours.lastVoucher, ours.due)
    const theirs = await channels.standing(payer.address)
    await payer.channels.adopt(PROVIDER, theirs.lastVoucher, theirs.due)
    const { left: client, right: provider } = streamPair(jobFrameCodec, this.#recorded(init))
    const served = this.server
      .serve({ stream: provider, remote: { hello: { ...hello, ...ours }, payer: payer.address } })
      .finally(() => provider.close())
    served.catch(() => undefined)
    const remote = {
      hello: { ...hello, ...theirs },
      operator: operator.address,
      encKey: unsealer.encKey,
    }
    const connection = new JobConnection(this.#client(payer), { stream: client, remote })
    return { connection, client, provider, served }
  }

  /** Signs and seals a job as the sdk does. */
  async prepare(input: JobInput = {}, payer = this.payer): Promise<PreparedJob> {
    const { maxTokens = 160, inBucket = 16, segment = 0, lifeMs = 600_000 } = input
    const salted = saltSpec({ ...jobSpec(maxTokens), ...input.spec }, this.rng)
    const deadline = Math.ceil((this.clock.now() + lifeMs) / 1000)
    const unbound = { ...PRICES, inBucket, maxTokens, budget: 0n }
    const budget = input.budget ?? segmentPriceCap(unbound)
    const terms: Terms = { ...unbound, budget }
    const { signer } = payer
    const {
      jobId,
      order: unsigned,
      signature,
    } = await signOrder(signer, TEST_NETWORK, this.rng, {
      modelId: MODEL,
      specHash: input.specHash ?? salted.specHash,
      maxPrice: input.maxPrice ?? budget,
      deadline,
      nonce: await payer.nonces.nextNonce(payer.address),
    })
    const order = { order: unsigned, signature }
    const ids = { jobId, segment, provider: PROVIDER, bidHash: OFFER, matchHash: ZERO_HASH }
    const issuedAt = Math.floor(this.clock.now() / 1000)
    const from = { fromToken: 0, prefixIds: [] }
    const award = await signAward(signer, TEST_NETWORK, { ...ids, ...from, budget, issuedAt })
    const spec = await sealSpec(testCrypto, this.unsealer.encKey, jobId, PROVIDER, salted)
    const facts: SegmentFacts = {
      jobId,
      segment,
      payer: payer.address,
      provider: PROVIDER,
      specHash: salted.specHash,
      terms,
      deadlineMs: deadline * 1000,
      fromToken: 0,
      prefixHash: tokenHash([]),
    }
    return { facts, frame: { order, award, spec, inBucket, maxTokens, ...PRICES, prefixIds: [] } }
  }

  async submit(link: Link, input: JobInput = {}, payer = this.payer): Promise<ClientRun> {
    const { facts, frame } = await this.prepare(input, payer)
    return link.connection.run(facts, frame)
  }

  /** Lets everything run until `done`; sealing runs on other threads, so the number of turns is generous. */
  async until(done: () => boolean, what = 'condition'): Promise<void> {
    for (let turn = 0; turn < 500_000; turn += 1) {
      if (done()) return
      await settle()
    }
    throw new Error(`never came: ${what}`)
  }

  /** Moves the clock in ticks until the run ended, at most `ms`. */
  async endWithin(run: ClientRun, ms: number): Promise<void> {
    const ends = { seen: false }
    void run.ended.then(() => {
      ends.seen = true
    })
    for (let passed = 0; passed <= ms && !ends.seen; passed += 250) await this.clock.advance(250)
    await this.until(() => ends.seen, 'end of the run')
  }

  #recorded(init: StreamPairInit<JobFrame>): StreamPairInit<JobFrame> {
    const { toLeft, toRight } = init
    return {
      ...init,
      toLeft: (frame) => {
        this.wire.push(`p:${frame.kind}`)
        return toLeft?.(frame) ?? [frame]
      },
      toRight: (frame) => {
        this.wire.push(`c:${frame.kind}`)
        return toRight?.(frame) ?? [frame]
      },
    }
  }

  #client(payer: Payer): ConstructorParameters<typeof JobConnection>[0] {
    const { clock, logger, rng } = this
    const { jobLog, nonces, signer } = payer
    const payments = payer.channels.paymentsTo(PROVIDER)
    return {
      clock,
      crypto: testCrypto,
      rng,
      network: TEST_NETWORK,
      signer,
      payments,
      jobLog,
      nonces,
      logger,
    }
  }

  #newChannels(): ProviderChannels {
    const { ledger, logger, port } = this
    return new ProviderChannels({
      crypto: testCrypto,
      ledger,
      logger,
      network: TEST_NETWORK,
      port,
      provider: PROVIDER,
    })
  }

  #newServer(): JobServer {
    const { clock, engine, jobLog, logger, operator, rng, unsealer } = this
    return new JobServer(
      {
        clock,
        crypto: testCrypto,
        rng,
        network: TEST_NETWORK,
        provider: PROVIDER,
        signer: operator,
        unsealer,
        engine,
        payments: this.channels,
        jobLog,
        quotes: { find: (bid, model) => this.quotes.find(bid, model) },
        logger,
      },
      // A chunk per group of the engine: tests stop it between any two of them.
      { slots: this.slots, gatherMs: 0, onState: ({ state }) => this.states.push(state) },
    )
  }
}

export function jobSpec(maxTokens: number): JobSpec {
  return {
    messages: [{ role: 'user', content: 'a private question' }],
    sampling: {
      temperature: 0,
      topP: 1,
      topK: 0,
      minP: 0,
      repetitionPenalty: 1,
      logitBias: [],
    },
    maxTokens,
    stop: [],
    seed: bytesToHex(new Uint8Array(32).fill(7)),
  }
}

/** Everything a run told, after its end. */
export async function eventsOf(run: ClientRun): Promise<ClientRunEvent[]> {
  const events: ClientRunEvent[] = []
  for await (const event of run) events.push(event)
  return events
}
