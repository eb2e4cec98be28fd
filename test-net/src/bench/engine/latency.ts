/** Times that a user feels: first token, cancelling, and how free the main thread is. */
import { summarize } from '../stats.ts'
import type { BareLoop } from './bare-loop.ts'
import { ANSWER_TOKENS, END_TOKEN, streamRequest } from './bench-requests.ts'
import { readAnswer } from './engine-sides.ts'
import type { BenchModel } from './engine-sides.ts'
import { median, timed } from './measure.ts'

const SAMPLES = 25

/** How often the main thread looks at the clock, ms. */
const TICK_MS = 2

/** Median time to first token of a fresh prompt, ms: bare loop, engine in process, engine in a worker. */
export async function measureFirstToken(
  bare: BareLoop,
  inProcess: BenchModel,
  worker: BenchModel,
): Promise<Record<'bare' | 'inProcess' | 'worker', number>> {
  const times = { bare: [] as number[], inProcess: [] as number[], worker: [] as number[] }
  for (let i = 0; i < SAMPLES; i++) {
    // A new client each time: its prompt is not in the prefix cache.
    const request = streamRequest(0, { maxTokens: 1, client: `first ${i}` })
    const { firstMs, tokensIn } = await readAnswer(inProcess, request)
    times.inProcess.push(firstMs)
    times.worker.push((await readAnswer(worker, request)).firstMs)
    const prompt = Array.from({ length: tokensIn }, (_, t) => 4 + t)
    times.bare.push((await bare.draw(prompt, 1, END_TOKEN)).firstMs)
  }
  return {
    bare: median(times.bare),
    inProcess: median(times.inProcess),
    worker: median(times.worker),
  }
}

/** 99th percentile of how late a timer of this thread fires while streams run in the worker, ms. */
export async function measureLag(worker: BenchModel, streams: number): Promise<number> {
  const late: number[] = []
  let expected = performance.now() + TICK_MS
  const timer = setInterval(() => {
    const now = performance.now()
    late.push(Math.max(0, now - expected))
    expected = now + TICK_MS
  }, TICK_MS)
  for (let turn = 0; turn < 6; turn++) {
    const answers = Array.from({ length: streams }, (_, i) => readAnswer(worker, streamRequest(i)))
    await Promise.all(answers)
  }
  clearInterval(timer)
  return summarize(late).p99
}

/** Median times after an abort, ms. */
export async function measureCancel(
  worker: BenchModel,
): Promise<Record<'toError' | 'toNextToken', number>> {
  const times = { toError: [] as number[], toNextToken: [] as number[] }
  for (let i = 0; i < SAMPLES; i++) {
    const cancel = new AbortController()
    const { engine, modelId } = worker
    const generation = await engine.open(modelId, streamRequest(i), cancel.signal)
    const step = generation.step(ANSWER_TOKENS, cancel.signal)
    await step.next()
    const start = performance.now()
    const error = timed(async () => {
      cancel.abort()
      await drain(step)
    })
    times.toError.push(await error)
    await readAnswer(worker, streamRequest(i, { maxTokens: 1, client: `next ${i}` }))
    times.toNextToken.push(performance.now() - start)
  }
  return { toError: median(times.toError), toNextToken: median(times.toNextToken) }
}

/** Reads a step until it throws or ends. */
async function drain(step: AsyncGenerator<unknown, unknown>): Promise<void> {
  try {
    while ((await step.next()).done !== true);
  } catch {
    // Cancelled: that is what is measured.
  }
}
