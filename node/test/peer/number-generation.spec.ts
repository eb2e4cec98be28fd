import type { JobSpec } from '@duckmesh/protocols'
import { numberIds, numbersOf } from '@duckmesh/protocols/dispatch'
import { expect } from 'chai'
import type { EncodeRequest, Encoding, ModelInfo } from '../../src/engine/index.ts'
import { LocalStepEngine } from '../../src/peer/step-engine.ts'
import type { StepEngineSource } from '../../src/peer/step-engine.ts'
import { SPEC } from '../backend-openai/specs.ts'
import { rejection } from '../reject.ts'
import { hexOfDigit } from '../storage/rows.ts'

const MODEL = hexOfDigit('3', 32)
const PAYER = hexOfDigit('2', 20)
const WIDTH = 3
const quiet = new AbortController().signal
const TEXTS = ['a', 'b', 'c', 'd']
const NUMBERS: JobSpec = {
  ...SPEC,
  messages: [],
  stop: [],
  task: 'embed',
  texts: TEXTS,
  maxTokens: TEXTS.length * WIDTH,
}

/** Numbers of a text: its letter and two that are the same for all. */
const vectorOf = (text: string): Float32Array => Float32Array.of(text.charCodeAt(0), 0.5, -1)
const idsOf = (...texts: string[]): number[] => texts.flatMap((text) => numberIds(vectorOf(text)))

/** An engine with one embedding model; it notes what it computed. */
class OneEncoder implements StepEngineSource {
  readonly opened: { task: string; request: EncodeRequest }[] = []
  readonly computed: string[] = []
  closes = 0
  bad: Float32Array | undefined
  info: Partial<ModelInfo> = {}

  models(): ModelInfo[] {
    const base = { modelId: MODEL, cid: '', name: 'm', contextLength: 9 }
    const info = { ...base, determinism: 'f32', task: 'embeddings', width: WIDTH } as const
    return [{ ...info, ...this.info }]
  }

  open(): Promise<never> {
    return Promise.reject(new TypeError('It chats not.'))
  }

  openEncoding(_: string, task: string, request: EncodeRequest): Promise<Encoding> {
    this.opened.push({ task, request })
    const left = [...request.texts]
    return Promise.resolve({
      tokensIn: request.texts.length * 2,
      next: (texts) => {
        const taken = left.splice(0, texts)
        this.computed.push(...taken)
        return Promise.resolve(taken.map((text) => this.bad ?? vectorOf(text)))
      },
      close: () => {
        this.closes += 1
      },
    })
  }
}

async function read(
  engine: OneEncoder,
  steps: readonly number[],
  prefixIds: readonly number[] = [],
): Promise<{ groups: number[][]; ends: (string | null)[]; tokensIn: number }> {
  const port = new LocalStepEngine(engine)
  const generation = await port.open(MODEL, NUMBERS, prefixIds, quiet, PAYER)
  const groups: number[][] = []
  const ends: (string | null)[] = []
  for (const maxTokens of steps) {
    const step = generation.step(maxTokens, quiet)
    for (;;) {
      const next = await step.next()
      if (next.done === true) {
        ends.push(next.value.finishReason)
        break
      }
      expect(next.value.text).to.equal('')
      groups.push(next.value.ids)
    }
  }
  generation.close()
  return { groups, ends, tokensIn: generation.tokensIn }
}

describe('a job of numbers at the engine', () => {
  it('gives the bits of the numbers, text after text, and ends with the last', async () => {
    const engine = new OneEncoder()
    const { ends, groups, tokensIn } = await read(engine, [512])
    expect(groups.flat()).to.deep.equal(idsOf(...TEXTS))
    expect(numbersOf(groups[1] ?? [])).to.deep.equal(vectorOf('b'))
    expect(ends).to.deep.equal(['stop'])
    expect(tokensIn).to.equal(8)
    expect(engine.opened).to.deep.equal([
      { task: 'embeddings', request: { texts: TEXTS, client: PAYER } },
    ])
    expect(engine.closes).to.equal(1)
  })

  it('computes no text before its first number is paid, and cuts texts between steps', async () => {
    const engine = new OneEncoder()
    const { ends, groups } = await read(engine, [4])
    expect(groups.flat()).to.deep.equal(idsOf('a', 'b').slice(0, 4))
    expect(engine.computed).to.deep.equal(['a', 'b'])
    expect(ends).to.deep.equal([null])
    const whole = await read(new OneEncoder(), [4, 4, 4])
    expect(whole.groups.flat()).to.deep.equal(idsOf(...TEXTS))
    expect(whole.ends).to.deep.equal([null, null, 'stop'])
  })

  it('goes on behind the texts that others delivered, and counts only the rest', async () => {
    const engine = new OneEncoder()
    const { groups, tokensIn } = await read(engine, [512], idsOf('a', 'b'))
    expect(groups.flat()).to.deep.equal(idsOf('c', 'd'))
    expect(tokensIn).to.equal(4)
    expect(engine.computed).to.deep.equal(['c', 'd'])
  })

  it('calls numbers that no client would take ENGINE_FAILED', async () => {
    for (const bad of [[1, 2], [1, 2, 3, 4], [1, Number.NaN, 3], [1, Infinity, 3], []]) {
      const engine = new OneEncoder()
      engine.bad = Float32Array.from(bad)
      expect((await rejection(read(engine, [512]))).code).to.equal('ENGINE_FAILED')
    }
  })

  const refused: [string, Partial<JobSpec>, string, number[]?][] = [
    ['another number of numbers', { maxTokens: 11 }, 'maxTokens'],
    ['messages', { messages: SPEC.messages }, 'messages'],
    ['stop strings', { stop: ['x'] }, 'stop'],
    ['JSON', { format: 'json' }, 'format'],
    ['a prefix that ends within a text', {}, 'prefixIds', [1]],
    ['too many numbers', { texts: Array.from({ length: 22_000 }, () => 'a') }, 'texts'],
  ]
  for (const [what, over, field, prefixIds = []] of refused) {
    it(`refuses ${what} with SPEC_INVALID before the engine is asked`, async () => {
      const engine = new OneEncoder()
      const port = new LocalStepEngine(engine)
      const spec = { ...NUMBERS, ...over }
      const error = await rejection(port.open(MODEL, spec, prefixIds, quiet, PAYER))
      expect(error).to.include({ code: 'SPEC_INVALID' })
      expect(error.details).to.include({ field })
      expect(engine.opened).to.deep.equal([])
    })
  }

  it('refuses a task that is not the model’s, and a model that is not served', async () => {
    const engine = new OneEncoder()
    const port = new LocalStepEngine(engine)
    const open = (modelId: typeof MODEL, spec: JobSpec) =>
      rejection(port.open(modelId, spec, [], quiet, PAYER))
    expect((await open(MODEL, { ...NUMBERS, task: 'classify' })).code).to.equal('NOT_SUPPORTED')
    expect((await open(hexOfDigit('4', 32), NUMBERS)).code).to.equal('MODEL_NOT_FOUND')
    engine.info = { task: 'text-generation' }
    expect((await open(MODEL, NUMBERS)).code).to.equal('NOT_SUPPORTED')
  })
})
