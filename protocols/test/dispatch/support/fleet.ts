/** One payer and several providers with real keys over streams in memory: what tests of whole jobs run on. */
import { jobFrameCodec } from '@duckmesh/proto'
import type { AuctionProof, AwardFrame, Hex, JobFrame, JobSpec, Receipt } from '@duckmesh/proto'
import { JobConnection, JobServer, RedundantJob, StreamJob } from '../../../src/dispatch/index.ts'
import { ZERO_HASH, saltSpec, signOrder } from '../../../src/dispatch/index.ts'
import type { JobComponents, JobEvent, JobInit, JobOutcome } from '../../../src/dispatch/index.ts'
import type { JobPlan, NumberTerms, Place, ProviderConnector } from '../../../src/dispatch/index.ts'
import type { Crypto } from '../../../src/components.ts'
import { DuckMeshError } from '../../../src/errors.ts'
import { ProviderChannels } from '../../../src/settlement/index.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { MODEL, Payer, jobSpec } from '../../support/job-world.ts'
import { memoryLogger } from '../../support/memory-logger.ts'
import { MemoryJobLog, MemoryLedger } from '../../support/memory-stores.ts'
import { ModelPort } from '../../support/model-port.ts'
import { ScriptedEngine } from '../../support/scripted-engine.ts'
import { streamPair } from '../../support/stream-pair.ts'
import type { MemoryStream, Tap } from '../../support/stream-pair.ts'
import { TEST_NETWORK, testCrypto, testRng } from '../../support/test-crypto.ts'
import { testSigner, testUnsealer } from '../../support/test-crypto.ts'

export const MATCH: Hex = `0x${'4d'.repeat(32)}`

const PROOF: AuctionProof = {
  sets: [],
  replySecret: `0x${'5e'.repeat(32)}`,
  ruleVersion: 1,
  excluded: [],
}

/** A frame as it crossed the wire; `to` is the provider's index. */
export interface WireFrame {
  from: 'client' | 'provider'
  index: number
  frame: JobFrame
}

/** Counts cryptography that is under way on other threads. */
class Work {
  busy = 0

  async count<T>(work: Promise<T>): Promise<T> {
    this.busy += 1
    try {
      return await work
    } finally {
      this.busy -= 1
    }
  }
}

/** One provider with its own stores, engine and server. */
export class FleetProvider {
  readonly index: number
  readonly operator
  readonly unsealer
  readonly owner: Hex
  readonly place: Place
  readonly engine = new ScriptedEngine()
  readonly ledger = new MemoryLedger()
  readonly jobLog = new MemoryJobLog()
  readonly channels: ProviderChannels
  readonly server: JobServer
  /** What a test does to frames on the way. */
  toClient: Tap<JobFrame> = (frame) => [frame]
  toProvider: Tap<JobFrame> = (frame) => [frame]
  /** Why this one cannot be reached. */
  unreachable: DuckMeshError | undefined
  /** The check of an auction takes until this is done. */
  auctionGate: Promise<void> | undefined
  /** Dialling takes until this is done. */
  dialling: Promise<void> | undefined
  stream: MemoryStream<JobFrame> | undefined

  constructor(index: number, fleet: Pick<Fleet, 'clock' | 'port' | 'rng' | 'work'>) {
    this.index = index
    this.operator = testSigner(`operator ${index}`)
    this.unsealer = testUnsealer(`enc ${index}`)
    this.owner = testSigner(`owner ${index}`).address
    // Odd prices, all unlike, so that every step rounds and no two bids are mixed up.
    const step = BigInt(index) * 11n
    const bidHash: Hex = `0x${(index + 1).toString(16).padStart(64, 'b')}`
    this.place = {
      provider: this.owner,
      bidHash,
      priceIn: 250_003n + step,
      priceOut: 1_000_007n + step,
    }
    const shared = { crypto: testCrypto, network: TEST_NETWORK, logger: memoryLogger() }
    const { clock, port, rng, work } = fleet
    this.channels = new ProviderChannels({
      ...shared,
      ledger: this.ledger,
      port,
      provider: this.owner,
    })
    this.server = new JobServer(
      {
        ...shared,
        clock,
        rng,
        provider: this.owner,
        signer: this.operator,
        unsealer: {
          encKey: this.unsealer.encKey,
          open: (...args) => work.count(this.unsealer.open(...args)),
        },
        engine: this.engine,
        payments: this.channels,
        jobLog: this.jobLog,
        quotes: { find: (bid) => (bid === bidHash ? this.place : undefined) },
        auction: { check: (frame) => this.#checkAuction(frame) },
      },
      { slots: 4, gatherMs: 0 },
    )
  }

  /** The provider's process dies: its stream breaks and nothing comes from it any more. */
  kill(): void {
    this.cut()
    this.unreachable = new DuckMeshError('PROVIDER_LOST', 'The process is dead.')
  }

  /** The stream breaks; both ends live on. */
  cut(): void {
    this.stream?.abort(new DuckMeshError('STREAM_CLOSED', 'The cable is cut.'))
  }

  /** The part of the market's check that dispatch relies on: the match, the place, the own bid. */
  async #checkAuction(frame: AwardFrame): Promise<{ priceIn: bigint; priceOut: bigint }> {
    const { award } = frame.award
    await this.auctionGate
    if (award.matchHash !== MATCH) throw new DuckMeshError('MATCH_INVALID', 'Another match.')
    if (award.segment < this.index) throw new DuckMeshError('CHOICE_WRONG', 'Not your turn.')
    return this.place
  }
}

export interface Finished {
  outcome: JobOutcome
  events: JobEvent[]
}

export interface PlanInput {
  mode?: 0 | 1
  replicas?: number
  maxTokens?: number
  inBucket?: number
  maxPrice?: bigint
  lifeMs?: number
  /** Without: the direct lane. */
  auctioned?: boolean
  modelId?: Hex
  /** The answer is numbers. */
  numbers?: NumberTerms
  /** What the spec says besides. */
  spec?: Partial<JobSpec>
}

export class Fleet {
  readonly clock = new FakeClock()
  readonly port = new ModelPort()
  readonly rng = testRng('fleet')
  readonly work = new Work()
  readonly payer = new Payer(this.port)
  readonly providers: FleetProvider[]
  readonly wire: WireFrame[] = []
  readonly #connections = new Map<Hex, JobConnection>()

  constructor(size: number, allotted = 10n ** 15n) {
    this.providers = Array.from({ length: size }, (_, index) => new FleetProvider(index, this))
    for (const { owner } of this.providers) this.port.allot(this.payer.address, owner, allotted)
  }

  at(index: number): FleetProvider {
    const provider = this.providers[index]
    if (provider === undefined) throw new Error(`no provider ${index}`)
    return provider
  }

  get components(): JobComponents {
    const { clock, connector, payer, work } = this
    const seal: Crypto['seal'] = (...args) => work.count(testCrypto.seal(...args))
    const shared = { network: TEST_NETWORK, logger: memoryLogger() }
    return { ...shared, crypto: { ...testCrypto, seal }, clock, connector, signer: payer.signer }
  }

  readonly connector: ProviderConnector = {
    to: async (owner) => {
      const provider = this.providers.find((one) => one.owner === owner)
      await provider?.dialling
      if (provider?.unreachable !== undefined) throw provider.unreachable
      const known = this.#connections.get(owner)
      if (known !== undefined && !known.closed) return known
      if (provider === undefined) throw new Error('unknown provider')
      const connection = await this.#connect(provider)
      this.#connections.set(owner, connection)
      return connection
    },
  }

  async plan(input: PlanInput = {}): Promise<JobPlan> {
    const { mode = 1, replicas = 1, maxTokens = 160, inBucket = 16, lifeMs = 600_000 } = input
    const { auctioned = true, maxPrice = 10n ** 12n, modelId = MODEL } = input
    const { numbers } = input
    const spec = saltSpec({ ...jobSpec(maxTokens), ...input.spec }, this.rng)
    const order = await signOrder(this.payer.signer, TEST_NETWORK, this.rng, {
      modelId,
      specHash: spec.specHash,
      maxPrice,
      deadline: Math.ceil((this.clock.now() + lifeMs) / 1000),
      nonce: await this.payer.nonces.nextNonce(this.payer.address),
      mode,
      replicas,
    })
    const ranked = this.providers.map(({ place }) => place)
    const answer = numbers === undefined ? { maxTokens } : { maxTokens, numbers }
    const common = { order, spec, inBucket, ...answer, ranked }
    if (!auctioned) return { ...common, matchHash: ZERO_HASH }
    return { ...common, matchHash: MATCH, proof: PROOF }
  }

  async stream(input: PlanInput = {}, init: JobInit = {}): Promise<StreamJob> {
    return new StreamJob(this.components, await this.plan(input), init)
  }

  /** k = 3 members by default. */
  async redundant(input: PlanInput = {}, init: JobInit = {}): Promise<RedundantJob> {
    const plan = await this.plan({ mode: 0, replicas: 3, ...input })
    return new RedundantJob(this.components, plan, init)
  }

  /** Lets everything run until `done`; sealing runs on other threads, so the number of turns is generous. */
  async until(done: () => boolean, what = 'condition'): Promise<void> {
    for (let turn = 0; turn < 200_000; turn += 1) {
      if (done()) return
      await settle()
    }
    throw new Error(`never came: ${what}`)
  }

  /** Lets everything that is ready happen, without time passing; sealing runs on other threads and is waited for. */
  async quiet(): Promise<void> {
    for (let calm = 0; calm < 40; calm += 1) {
      await settle()
      if (this.work.busy > 0) calm = 0
    }
  }

  /** Moves the clock in ticks, letting things happen in between. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 250) {
      await this.quiet()
      await this.clock.advance(250)
    }
    await this.quiet()
  }

  /** Runs to the end, moving the clock whenever nothing else happens for a while; then every slot is free. */
  async finish(job: StreamJob | RedundantJob): Promise<Finished> {
    const finished = await this.finishOnly(job)
    const alive = this.providers.filter(({ unreachable }) => unreachable === undefined)
    await this.until(() => alive.every(({ server }) => server.inFlight === 0), 'slots free')
    return finished
  }

  /** The same while other jobs hold slots. */
  async finishOnly(job: StreamJob | RedundantJob): Promise<Finished> {
    const events = collect(job)
    const seen: JobOutcome[] = []
    void job.ended.then((outcome) => seen.push(outcome))
    for (let turn = 0; ; turn += 1) {
      await this.quiet()
      const [outcome] = seen
      if (outcome !== undefined) return { outcome, events: await events }
      if (turn > 20_000) throw new Error(`the job never ended: ${job.state}`)
      await this.clock.advance(250)
    }
  }

  /** Frames of one kind in the order they were sent. */
  sent<K extends JobFrame['kind']>(
    kind: K,
  ): (WireFrame & { frame: Extract<JobFrame, { kind: K }> })[] {
    return this.wire.flatMap((one) =>
      one.frame.kind === kind
        ? [{ ...one, frame: one.frame as Extract<JobFrame, { kind: K }> }]
        : [],
    )
  }

  /** Wei that the payer's book and the provider's book say were earned. */
  async settled(index: number): Promise<{ mine: bigint; theirs: bigint; open: number }> {
    const { owner } = this.at(index)
    const mine = (await this.payer.ledger.listChannels()).find(({ provider }) => provider === owner)
    const [theirs] = await this.at(index).ledger.listChannels()
    return {
      mine: mine?.settled ?? 0n,
      theirs: theirs?.settled ?? 0n,
      open: (mine?.open.length ?? 0) + (theirs?.open.length ?? 0),
    }
  }

  async #connect(provider: FleetProvider): Promise<JobConnection> {
    const { payer, clock } = this
    const hello = { version: 1, network: TEST_NETWORK.name }
    const ours = await payer.channels.standing(provider.owner)
    await provider.channels.adopt(payer.address, ours.lastVoucher, ours.due)
    const theirs = await provider.channels.standing(payer.address)
    await payer.channels.adopt(provider.owner, theirs.lastVoucher, theirs.due)
    const { left, right } = streamPair(jobFrameCodec, {
      toLeft: (frame) => this.#note('provider', provider.index, provider.toClient(frame)),
      toRight: (frame) => this.#note('client', provider.index, provider.toProvider(frame)),
    })
    provider.stream = right
    const served = provider.server
      .serve({ stream: right, remote: { hello: { ...hello, ...ours }, payer: payer.address } })
      .finally(() => right.close())
    served.catch(() => undefined)
    const remote = {
      hello: { ...hello, ...theirs },
      operator: provider.operator.address,
      encKey: provider.unsealer.encKey,
    }
    const payments = payer.channels.paymentsTo(provider.owner)
    const { jobLog, nonces, signer } = payer
    const shared = { crypto: testCrypto, network: TEST_NETWORK, logger: memoryLogger() }
    const components = { ...shared, clock, rng: this.rng, payments, jobLog, nonces, signer }
    return new JobConnection(components, { stream: left, remote })
  }

  #note(from: WireFrame['from'], index: number, frames: readonly JobFrame[]): readonly JobFrame[] {
    for (const frame of frames) this.wire.push({ from, index, frame })
    return frames
  }
}

async function collect(job: AsyncIterable<JobEvent>): Promise<JobEvent[]> {
  const events: JobEvent[] = []
  for await (const event of job) events.push(event)
  return events
}

/** Sum of receipt amounts, wei. */
export function billed(receipts: readonly Receipt[]): bigint {
  return receipts.reduce((sum, { amount }) => sum + amount, 0n)
}

/** The answer of a scripted engine. */
export function answerOf(tokens: number): { ids: number[]; text: string } {
  const ids = Array.from({ length: tokens }, (_, index) => 1000 + index)
  return { ids, text: ids.map((id) => `${id} `).join('') }
}
