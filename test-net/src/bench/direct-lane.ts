/**
 * Direct lane against a plain HTTP server and the bare engine, in one run, turn and turn about, so that a
 * busy machine slows all three alike: time to first token of one warm stream, tokens/s of eight.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NETWORKS_FOLDER, openClient } from '@duckmesh/node'
import type { LightClient } from '@duckmesh/sdk'
import { ACCOUNT_INDEX, account, privateKeyOf } from '../chain/accounts.ts'
import { Devnet } from '../devnet.ts'
import { Child } from '../processes/child.ts'
import { openBenchEngine } from './open-bench-engine.ts'
import type { BenchEngine } from './open-bench-engine.ts'
import { round, summarize } from './stats.ts'
import type { Summary } from './stats.ts'
import { GREEDY, MAX_TOKENS, PROMPT } from './workload.ts'

/** One answer of one side: when its first token came and how many came in all. */
interface Answer {
  firstMs: number
  tokens: number
}

type Side = () => Promise<Answer>

export interface DirectLaneReport {
  /** Time to first token of one warm stream, ms. */
  ttft: { bare: Summary; http: Summary; mesh: Summary }
  /** p50 and p99 added over the bare engine, ms. */
  added: { http: { p50: number; p99: number }; mesh: { p50: number; p99: number } }
  /** Tokens/s of eight streams at a time. */
  throughput: { bare: number; http: number; mesh: number }
  /** Throughput of the mesh over the others'. */
  ratio: { meshToBare: number; meshToHttp: number }
}

const STREAMS = 8
const START_TIMEOUT_MS = 60_000

/** Runs `rounds` warm streams and `bursts` bursts of eight on each side. */
export async function benchDirectLane(
  root: string,
  rounds: number,
  bursts: number,
): Promise<DirectLaneReport> {
  const net = await Devnet.start({ root, providers: 1 })
  const modelsDir = join(root, NETWORKS_FOLDER, 'models')
  const http = startHttp(modelsDir)
  const chat = account(ACCOUNT_INDEX.chat)
  const dataDir = join(net.folder, 'bench')
  const client = await openClient({ network: net.network, privateKey: privateKeyOf(chat), dataDir })
  const engine = await openBenchEngine(modelsDir)
  try {
    const { port } = await http.event('ready', START_TIMEOUT_MS)
    const sides = { bare: bareSide(engine), http: httpSide(Number(port)), mesh: meshSide(client) }
    return report(await measureFirst(sides, rounds), await measureBursts(sides, bursts))
  } finally {
    await client.stop()
    await engine.stop()
    await http.stop()
    await net.stop()
  }
}

type Sides = Record<'bare' | 'http' | 'mesh', Side>

async function measureFirst(sides: Sides, rounds: number): Promise<DirectLaneReport['ttft']> {
  const samples = { bare: [] as number[], http: [] as number[], mesh: [] as number[] }
  for (let round = -3; round < rounds; round++) {
    for (const name of ['bare', 'http', 'mesh'] as const) {
      const { firstMs } = await sides[name]()
      if (round >= 0) samples[name].push(firstMs)
    }
  }
  return {
    bare: summarize(samples.bare),
    http: summarize(samples.http),
    mesh: summarize(samples.mesh),
  }
}

async function measureBursts(
  sides: Sides,
  bursts: number,
): Promise<DirectLaneReport['throughput']> {
  const rates = { bare: [] as number[], http: [] as number[], mesh: [] as number[] }
  for (let burst = 0; burst < bursts; burst++) {
    for (const name of ['bare', 'http', 'mesh'] as const) {
      const start = performance.now()
      const answers = await Promise.all(Array.from({ length: STREAMS }, () => sides[name]()))
      const tokens = answers.reduce((sum, answer) => sum + answer.tokens, 0)
      rates[name].push((tokens / (performance.now() - start)) * 1000)
    }
  }
  const best = (sample: readonly number[]): number => round(Math.max(...sample))
  return { bare: best(rates.bare), http: best(rates.http), mesh: best(rates.mesh) }
}

function report(
  ttft: DirectLaneReport['ttft'],
  throughput: DirectLaneReport['throughput'],
): DirectLaneReport {
  const over = (side: Summary): { p50: number; p99: number } => ({
    p50: round(side.p50 - ttft.bare.p50),
    p99: round(side.p99 - ttft.bare.p99),
  })
  const { bare, http, mesh } = throughput
  return {
    ttft,
    added: { http: over(ttft.http), mesh: over(ttft.mesh) },
    throughput,
    ratio: { meshToBare: round(mesh / bare), meshToHttp: round(mesh / http) },
  }
}

function bareSide(engine: BenchEngine): Side {
  const signal = new AbortController().signal
  const messages = [{ role: 'user', content: PROMPT }]
  const request = { messages, prefixIds: [], maxTokens: MAX_TOKENS, stop: [], sampler: GREEDY }
  return async () => {
    const clock = startWatch()
    const generation = await engine.open(request, signal)
    for await (const { ids } of generation.step(MAX_TOKENS, signal)) clock.took(ids.length)
    generation.close()
    return clock.answer()
  }
}

function httpSide(port: number): Side {
  return async () => {
    const clock = startWatch()
    const body = JSON.stringify({ prompt: PROMPT, maxTokens: MAX_TOKENS })
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body })
    let text = ''
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk as Uint8Array).toString()
      clock.took(0)
    }
    for (const line of text.trim().split('\n'))
      clock.took((JSON.parse(line) as { ids: number[] }).ids.length)
    return clock.answer()
  }
}

function meshSide(client: LightClient): Side {
  const messages = [{ role: 'user', content: PROMPT }]
  return async () => {
    const clock = startWatch()
    const wish = { model: 'duckling', messages, maxTokens: MAX_TOKENS }
    const job = await client.submit({ ...wish, lane: 'direct' })
    for await (const event of job) if (event.type === 'text') clock.took(event.ids.length)
    await job.result()
    return clock.answer()
  }
}

interface Watch {
  took(tokens: number): void
  answer(): Answer
}

function startWatch(): Watch {
  const start = performance.now()
  let firstMs: number | null = null
  let tokens = 0
  return {
    took: (count) => {
      firstMs ??= performance.now() - start
      tokens += count
    },
    answer: () => ({ firstMs: firstMs ?? performance.now() - start, tokens }),
  }
}

function startHttp(modelsDir: string): Child {
  const file = fileURLToPath(new URL('./http-baseline.ts', import.meta.url))
  const flags = ['--conditions=@duckmesh/source', '--disable-warning=ExperimentalWarning']
  return new Child({ name: 'http', command: process.execPath, args: [...flags, file, modelsDir] })
}
