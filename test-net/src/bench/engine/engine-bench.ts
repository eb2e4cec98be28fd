/** The engine against a bare session.run loop over the same weights, in one interleaved run. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensurePackedModel } from '@duckmesh/node'
import { round } from '../stats.ts'
import { BareLoop } from './bare-loop.ts'
import { ANSWER_TOKENS, END_TOKEN, streamRequest } from './bench-requests.ts'
import { engineSide, openModel, raggedSide, readAnswer } from './engine-sides.ts'
import type { BenchModel } from './engine-sides.ts'
import type { ByStreams, EngineBenchOptions, EngineReport, Rate, Side } from './interface.ts'
import { graphBytes, packLargeModel } from './large-model.ts'
import { packCommand } from './pack-command.ts'
import { measureCancel, measureFirstToken, measureLag } from './latency.ts'
import { measureRates, median, repeatedSide } from './measure.ts'
import { growthOverJobs, growthOverLoads } from './memory.ts'
import { openTransformers, transformersSide } from './transformers-side.ts'

/** Streams at a time. */
const STREAMS = [1, 4, 8, 16]

/** Streams at a time that come one by one, and those that transformers.js gets. */
const RAGGED_STREAMS = [1, 8, 16]
const TRANSFORMERS_STREAMS = [1, 16]

/** Some four minutes. */
export const FULL_ENGINE_BENCH: EngineBenchOptions = {
  rounds: 12,
  jobs: 10_000,
  loads: 100,
  withLargeModel: true,
}

/** Each draw of a small model takes at least so many tokens: the best of short draws would flatter the single stream. */
const ALIKE_TOKENS = 8 * ANSWER_TOKENS

/** Prompt tokens of the bare loop, about what the engine's prompts have. */
const PROMPT: readonly number[] = Array.from({ length: 14 }, (_, i) => 4 + i)

const DUCKLING: string = fileURLToPath(
  new URL('../models/duckling', import.meta.resolve('@duckmesh/node')),
)

type Rates = Record<string, Rate>
type Large = Pick<EngineReport, 'largeModel' | 'batchSpeedupLarge' | 'fourBitVsBareLarge'> & {
  readonly b1: number | null
}

/** Runs everything; some minutes with the defaults of the command line. */
export async function benchEngine(options: EngineBenchOptions): Promise<EngineReport> {
  const folder = await mkdtemp(join(tmpdir(), 'duckmesh-bench-'))
  try {
    const packed = await ensurePackedModel(DUCKLING, folder)
    const small = await benchSmall(packed.folder, folder, options)
    const large = await benchLarge(folder, options)
    const rest = await benchLatency(packed.folder, options)
    const { b1, ...largeReport } = large
    return {
      model: { bytes: await graphBytes(packed.folder), msPerToken: msPerToken(small) },
      ...largeReport,
      engineVsBare: {
        b1: ratio(small, 'process 1', 'bare'),
        b1Worker: ratio(small, 'worker 1', 'bare'),
        b1Cpu: ratio(small, 'worker 1', 'bare', 'perCpuSecond'),
        b1Large: b1,
      },
      batchSpeedup: speedups(small, 'worker', 'perSecond'),
      batchSpeedupCpu: speedups(small, 'worker', 'perCpuSecond'),
      raggedSpeedup: speedups(small, 'ragged', 'perSecond'),
      vsTransformersJs: vsTransformers(small, 'perCpuSecond'),
      vsTransformersJsWall: vsTransformers(small, 'perSecond'),
      vsTransformersJsOneByOne: {
        16: ratio(small, 'worker 16', 'transformers 1', 'perCpuSecond'),
      },
      fourBitVsBare: await benchFourBit(DUCKLING, join(folder, 'four-bit'), options),
      ...rest,
      notMeasured: options.withLargeModel ? [] : ['the large model was left out'],
      rates: small,
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Duckling: also with streams that come one by one, and in transformers.js. */
async function benchSmall(
  packed: string,
  folder: string,
  { rounds }: EngineBenchOptions,
): Promise<Rates> {
  const other = await openTransformers(DUCKLING, folder)
  try {
    return await benchModel(packed, rounds, (worker, sides) =>
      [
        ...sides,
        ...RAGGED_STREAMS.map((n) => raggedSide(`ragged ${n}`, worker, n)),
        ...TRANSFORMERS_STREAMS.map((n) => transformersSide(`transformers ${n}`, other, n)),
      ].map((side) => repeatedSide(side, ALIKE_TOKENS)),
    )
  } finally {
    await other.close()
  }
}

async function benchModel(
  folder: string,
  rounds: number,
  choose: (worker: BenchModel, sides: Side[]) => Side[],
): Promise<Rates> {
  const bare = await BareLoop.open(folder)
  const [inProcess, worker] = [
    await openModel(folder, 'process'),
    await openModel(folder, 'worker'),
  ]
  try {
    const sides: Side[] = [
      {
        name: 'bare',
        draw: async () => (await bare.draw(PROMPT, ANSWER_TOKENS, END_TOKEN)).tokens,
      },
      ...STREAMS.map((streams) => engineSide(`process ${streams}`, inProcess, streams)),
      ...STREAMS.map((streams) => engineSide(`worker ${streams}`, worker, streams)),
    ]
    return await measureRates(choose(worker, sides), rounds)
  } finally {
    await inProcess.engine.stop()
    await worker.engine.stop()
    await bare.close()
  }
}

async function benchLarge(folder: string, options: EngineBenchOptions): Promise<Large> {
  if (!options.withLargeModel) {
    return { largeModel: null, batchSpeedupLarge: null, fourBitVsBareLarge: null, b1: null }
  }
  const { packed, source } = await packLargeModel(folder)
  const rates = await benchModel(packed, Math.ceil(options.rounds / 2), (_, sides) => sides)
  return {
    largeModel: { bytes: await graphBytes(packed), msPerToken: msPerToken(rates) },
    batchSpeedupLarge: speedups(rates, 'worker', 'perSecond'),
    fourBitVsBareLarge: await benchFourBit(source, join(folder, 'four-bit-large'), options),
    b1: ratio(rates, 'worker 1', 'bare'),
  }
}

async function benchFourBit(
  source: string,
  target: string,
  { rounds }: EngineBenchOptions,
): Promise<ByStreams> {
  await packCommand(source, target, ['--q4'])
  const rates = await benchModel(target, Math.ceil(rounds / 2), (_, sides) =>
    sides.filter(({ name }) => !name.startsWith('process')),
  )
  return Object.fromEntries(STREAMS.map((n) => [n, ratio(rates, `worker ${n}`, 'bare')]))
}

type Latency = Pick<
  EngineReport,
  | 'ttftAddedMs'
  | 'prefillTokensPerSecond'
  | 'lagP99Ms'
  | 'cancelMs'
  | 'loadMs'
  | 'loadWorkerMs'
  | 'rssGrowthMiB'
  | 'prefixCacheSpeedup'
>

async function benchLatency(folder: string, options: EngineBenchOptions): Promise<Latency> {
  const loadMs = await measureLoad(folder, 'process')
  const loadWorkerMs = await measureLoad(folder, 'worker')
  const bare = await BareLoop.open(folder)
  const [inProcess, worker] = [
    await openModel(folder, 'process'),
    await openModel(folder, 'worker'),
  ]
  try {
    const first = await measureFirstToken(bare, inProcess, worker)
    return {
      loadMs,
      loadWorkerMs,
      ttftAddedMs: {
        inProcess: round(first.inProcess - first.bare),
        worker: round(first.worker - first.bare),
      },
      prefillTokensPerSecond: await measurePrefill(bare),
      lagP99Ms: await measureLag(worker, 16),
      cancelMs: await measureCancel(worker),
      prefixCacheSpeedup: await measurePrefixCache(worker),
      rssGrowthMiB: {
        jobs: await growthOverJobs(worker, options.jobs),
        loads: await growthOverLoads(folder, options.loads),
      },
    }
  } finally {
    await inProcess.engine.stop()
    await worker.engine.stop()
    await bare.close()
  }
}

/** Until the model is offered: hashes, session, self-test, and in a worker its start. Best of five, ms. */
async function measureLoad(folder: string, where: 'process' | 'worker'): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < 5; i++) {
    const start = performance.now()
    const { engine } = await openModel(folder, where)
    times.push(performance.now() - start)
    await engine.stop()
  }
  return round(Math.min(...times))
}

async function measurePrefill(bare: BareLoop): Promise<number> {
  let best = 0
  for (let i = 0; i < 20; i++) best = Math.max(best, await bare.prefill(128))
  return round(best)
}

/** Time to first token of a long prompt, first asked and asked again, as a ratio of medians. */
async function measurePrefixCache(worker: BenchModel): Promise<number> {
  const times = { miss: [] as number[], hit: [] as number[] }
  const content = 'The brave duck swims in the pond and looks for bread. '.repeat(22)
  for (let i = 0; i < 15; i++) {
    const messages = [{ role: 'user', content }]
    const request = streamRequest(0, { messages, maxTokens: 1, client: `prefix ${i}` })
    times.miss.push((await readAnswer(worker, request)).firstMs)
    times.hit.push((await readAnswer(worker, request)).firstMs)
  }
  return round(median(times.miss) / median(times.hit))
}

function speedups(rates: Rates, where: string, unit: keyof Rate): ByStreams {
  const many = STREAMS.filter((streams) => streams > 1 && `${where} ${streams}` in rates)
  return Object.fromEntries(
    many.map((streams) => [streams, ratio(rates, `${where} ${streams}`, `${where} 1`, unit)]),
  )
}

function vsTransformers(rates: Rates, unit: keyof Rate): ByStreams {
  return Object.fromEntries(
    TRANSFORMERS_STREAMS.map((n) => [n, ratio(rates, `worker ${n}`, `transformers ${n}`, unit)]),
  )
}

function ratio(rates: Rates, a: string, b: string, unit: keyof Rate = 'perSecond'): number {
  return round((rates[a]?.[unit] ?? NaN) / (rates[b]?.[unit] ?? NaN))
}

function msPerToken(rates: Rates): number {
  return round(1000 / (rates['bare']?.perSecond ?? NaN))
}
