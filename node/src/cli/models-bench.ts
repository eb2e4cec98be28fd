/** `duckmesh models bench`: what a model of the store does on this machine, and where. */
import { cpus } from 'node:os'
import type { Hex } from '@duckmesh/protocols'
import { EngineHost } from '../engine/index.ts'
import type { Device, Threads } from '../engine/index.ts'
import { loadManifest } from '../engine/model/manifest.ts'
import type { ModelManifest } from '../engine/model/manifest.ts'
import { sessionOptions } from '../engine/run/session-options.ts'
import { withStoreFailures } from '../models/index.ts'
import { measureRates } from './models-bench-rates.ts'
import type { Rates } from './models-bench-rates.ts'
import { benchLines } from './models-bench-report.ts'
import type { BenchResult } from './models-bench-report.ts'
import { openStore } from './models-store.ts'
import type { ModelsOptions } from './models-store.ts'
import { printJson, printLine } from './output.ts'

export interface BenchOptions {
  device: Device
  threads: Threads
}

/** Rejects with MODEL_NOT_STORED, DEVICE_UNAVAILABLE and with what keeps the model from being loaded. */
export async function modelsBench(
  name: string,
  options: BenchOptions & ModelsOptions,
): Promise<void> {
  const store = await openStore(options)
  const { folder, release } = await store.open((await store.find(name)).modelId)
  try {
    const result = await withStoreFailures(() => bench(folder, options))
    if (options.json) printJson(result)
    else for (const line of benchLines(result)) printLine(line)
  } finally {
    release()
  }
}

/** On another device than the processor, the processor is measured too. */
async function bench(folder: string, { device, threads }: BenchOptions): Promise<BenchResult> {
  const { cid, manifest, modelId } = await loadManifest(folder)
  const own = await openSide({ folder, device, threads, manifest, modelId })
  const sides = [own]
  try {
    if (device !== 'cpu') {
      sides.push(await openSide({ folder, device: 'cpu', threads, manifest, modelId }))
    }
    const [rates, beside] = await measureRates(sides)
    const { loadMs } = own
    return {
      ...{ modelId, cid, name: manifest.name, loadMs },
      device: deviceOf(own, { device, threads }),
      ...(rates ?? { tokensPerSecond: {} }),
      ...(rates === undefined || beside === undefined
        ? {}
        : { beside: { loadMs: sides[1]?.loadMs ?? 0, ...beside }, ratio: ratioOf(rates, beside) }),
    }
  } finally {
    await Promise.all(sides.map(({ engine }) => engine.stop()))
  }
}

interface BenchSide {
  engine: EngineHost
  manifest: ModelManifest
  modelId: Hex
  loadMs: number
}

async function openSide({
  folder,
  manifest,
  modelId,
  ...place
}: BenchOptions & Omit<BenchSide, 'engine' | 'loadMs'> & { folder: string }): Promise<BenchSide> {
  const engine = new EngineHost({ folders: [folder], ...place })
  const startedMs = performance.now()
  try {
    await engine.start()
  } catch (error) {
    await engine.stop()
    throw error
  }
  return { engine, manifest, modelId, loadMs: round(performance.now() - startedMs) }
}

/** A session runs on the providers it was made with; of others than the processor, a trace told how much. */
function deviceOf({ engine }: BenchSide, place: BenchOptions): BenchResult['device'] {
  const { device: report, threads = 1 } = engine.models()[0] ?? {}
  const providers = sessionOptions({ device: place.device, threads }).executionProviders ?? []
  const executionProviders = providers.map((each) => (typeof each === 'string' ? each : each.name))
  const processor = cpus()[0]?.model.trim() ?? 'unknown'
  const found = { executionProviders, processor, threads }
  return report === undefined ? found : { ...found, report }
}

function ratioOf(own: Rates, processor: Rates): Rates {
  const by = (a: number, b: number): number => Number((a / b).toPrecision(3))
  const entries = Object.entries(own.tokensPerSecond)
  const tokensPerSecond = Object.fromEntries(
    entries.map(([name, rate]) => [name, by(rate, processor.tokensPerSecond[name] ?? 0)]),
  )
  const { prefillTokensPerSecond: prompts } = own
  if (prompts === undefined) return { tokensPerSecond }
  return {
    tokensPerSecond,
    prefillTokensPerSecond: by(prompts, processor.prefillTokensPerSecond ?? 0),
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
