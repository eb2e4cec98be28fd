/** `duckmesh models bench`: what a model of the store does on this machine. */
import { cpus } from 'node:os'
import { EngineHost } from '../engine/index.ts'
import type { GenerationRequest } from '../engine/index.ts'
import { loadManifest } from '../engine/model/manifest.ts'
import type { ModelManifest } from '../engine/model/manifest.ts'
import { sessionOptions } from '../engine/run/session-options.ts'
import { withStoreFailures } from '../models/index.ts'
import { openStore } from './models-store.ts'
import type { ModelsOptions } from './models-store.ts'
import { printJson, printLine } from './output.ts'

/** Sequences that are computed at once. */
const SEQUENCES = [1, 4, 8]
/** Tokens of one answer, as far as the context has room. */
const ANSWER_TOKENS = 64
/** Longest prompt, words; in a small context an eighth of it, for a word may be several tokens. */
const PROMPT_WORDS = 384
/** Each figure is the best of so many, after one that does not count: other programs run here too. */
const ROUNDS = 3

const NEVER = new AbortController().signal

export interface BenchResult {
  modelId: string
  cid: string
  name: string
  /** Where it really ran. */
  device: { executionProviders: readonly string[]; processor: string; threads: number }
  /** Hash check, graph and self-test, ms. */
  loadMs: number
  /** Of all sequences together; for texts that are encoded, tokens read. */
  tokensPerSecond: Record<string, number>
  /** Of one long prompt; none of a model that generates no text. */
  prefillTokensPerSecond?: number
}

/** Rejects with MODEL_NOT_STORED and with what keeps the model from being loaded. */
export async function modelsBench(
  name: string,
  options: ModelsOptions & { threads: number },
): Promise<void> {
  const store = await openStore(options)
  const { folder, release } = await store.open((await store.find(name)).modelId)
  try {
    const result = await withStoreFailures(() => bench(folder, options.threads))
    if (options.json) printJson(result)
    else tell(result)
  } finally {
    release()
  }
}

async function bench(folder: string, threads: number): Promise<BenchResult> {
  const { cid, manifest, modelId } = await loadManifest(folder)
  const engine = new EngineHost({ folders: [folder], threads })
  try {
    const loadMs = await msOf(() => engine.start())
    const side = { engine, manifest, modelId }
    return {
      ...{ modelId, cid, name: manifest.name, loadMs: round(loadMs) },
      device: deviceOf(threads),
      ...(await ratesOf(side)),
    }
  } finally {
    await engine.stop()
  }
}

interface Side {
  engine: EngineHost
  manifest: ModelManifest
  modelId: string
}

async function ratesOf(
  side: Side,
): Promise<Pick<BenchResult, 'tokensPerSecond' | 'prefillTokensPerSecond'>> {
  const tokensPerSecond: Record<string, number> = {}
  const generates = side.manifest.task === 'text-generation'
  for (const sequences of SEQUENCES) {
    const draw = (): Promise<number> =>
      generates ? answer(side, sequences) : encode(side, sequences)
    tokensPerSecond[`${sequences}`] = await bestRate(draw)
  }
  if (!generates) return { tokensPerSecond }
  return { tokensPerSecond, prefillTokensPerSecond: await bestRate((turn) => prefill(side, turn)) }
}

/** The answers of some sequences at once, their short prompts included. */
async function answer({ engine, manifest, modelId }: Side, sequences: number): Promise<number> {
  const maxTokens = Math.min(ANSWER_TOKENS, Math.floor(manifest.contextLength / 2))
  const one = async (i: number): Promise<number> => {
    const generation = await engine.open(
      modelId,
      requestOf(manifest, `Story ${i}`, maxTokens),
      NEVER,
    )
    let tokens = 0
    for await (const { ids } of generation.step(maxTokens, NEVER)) tokens += ids.length
    generation.close()
    return tokens
  }
  const drawn = await Promise.all(Array.from({ length: sequences }, (_, i) => one(i)))
  return sum(drawn)
}

/** A long prompt that is new each time, so that nothing of it is remembered. */
async function prefill({ engine, manifest, modelId }: Side, turn: number): Promise<number> {
  const words = Math.max(1, Math.min(PROMPT_WORDS, Math.floor(manifest.contextLength / 8)))
  const text = `${turn} ${'duck '.repeat(words)}`
  const generation = await engine.open(modelId, requestOf(manifest, text, 1), NEVER)
  await generation.step(1, NEVER).next()
  generation.close()
  return generation.tokensIn
}

async function encode({ engine, manifest, modelId }: Side, sequences: number): Promise<number> {
  const words = 'duck '.repeat(Math.max(1, Math.floor(Math.min(64, manifest.contextLength / 8))))
  const request = { texts: Array.from({ length: sequences }, (_, i) => `${i} ${words}`) }
  const work =
    manifest.task === 'embeddings' ? engine.embed.bind(engine) : engine.classify.bind(engine)
  return (await work(modelId, request, NEVER)).tokens
}

/** Greedy, and without an end: all answers are equally long. */
function requestOf(manifest: ModelManifest, content: string, maxTokens: number): GenerationRequest {
  const logitBias = new Map(manifest.eosTokenIds.map((id) => [id, -1000]))
  const cuts = { temperature: 0, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1 }
  const sampler = { ...cuts, logitBias, seed: new Uint8Array(32) }
  return { messages: [{ role: 'user', content }], prefixIds: [], maxTokens, stop: [], sampler }
}

/** Tokens a second, the best of some rounds. */
async function bestRate(draw: (turn: number) => Promise<number>): Promise<number> {
  let best = 0
  for (let turn = 0; turn <= ROUNDS; turn++) {
    let tokens = 0
    const ms = await msOf(async () => {
      tokens = await draw(turn)
    })
    if (turn > 0) best = Math.max(best, (tokens / ms) * 1000)
  }
  return round(best)
}

/** A session runs on the providers it was made with, and on nothing else when the processor is the only one. */
function deviceOf(threads: number): BenchResult['device'] {
  const providers = sessionOptions(threads).executionProviders ?? []
  const executionProviders = providers.map((each) => (typeof each === 'string' ? each : each.name))
  return { executionProviders, processor: cpus()[0]?.model.trim() ?? 'unknown', threads }
}

function tell({
  cid,
  device,
  loadMs,
  name,
  prefillTokensPerSecond,
  tokensPerSecond,
}: BenchResult): void {
  printLine(`${name} (${cid})`)
  const { executionProviders, processor, threads } = device
  printLine(`  runs on ${executionProviders.join(', ')}: ${processor}, ${threads} thread(s)`)
  printLine(`  loaded and self-tested in ${loadMs} ms`)
  for (const [sequences, rate] of Object.entries(tokensPerSecond)) {
    printLine(`  ${sequences.padStart(2)} at once: ${rate} tokens/s`)
  }
  if (prefillTokensPerSecond !== undefined)
    printLine(`  prompts: ${prefillTokensPerSecond} tokens/s`)
}

async function msOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
