import { DuckMeshError } from '@duckmesh/protocols'
import type { ErrorCode, JobSpec } from '@duckmesh/protocols'
import type { StepFinish, TokenGroup } from '@duckmesh/protocols/dispatch'
import { expect } from 'chai'
import { EngineError } from '../../src/engine/index.ts'
import type {
  EngineErrorCode,
  Generation,
  GenerationRequest,
  ModelInfo,
} from '../../src/engine/index.ts'
import { LocalStepEngine, registered } from '../../src/peer/step-engine.ts'
import { rejection } from '../reject.ts'
import { hexOfDigit } from '../storage/rows.ts'

const MODEL = hexOfDigit('3', 32)
const quiet = new AbortController().signal
const spec: JobSpec = {
  messages: [{ role: 'user', content: 'Hello' }],
  sampling: {
    temperature: 0.5,
    topP: 0.9,
    topK: 4,
    minP: 0.1,
    repetitionPenalty: 1.1,
    logitBias: [
      { id: 7, bias: -2 },
      { id: 9, bias: 3 },
    ],
  },
  maxTokens: 12,
  stop: ['end'],
  seed: `0x${'0a'.repeat(32)}`,
}

const TABLE: Record<EngineErrorCode, ErrorCode> = {
  CANCELLED: 'CANCELLED',
  CHAT_TEMPLATE_FAILED: 'SPEC_INVALID',
  DEVICE_UNAVAILABLE: 'DEVICE_UNAVAILABLE',
  ENGINE_BUSY: 'ENGINE_BUSY',
  ENGINE_CRASHED: 'ENGINE_CRASHED',
  ENGINE_FAILED: 'ENGINE_FAILED',
  ENGINE_STOPPED: 'SHUTTING_DOWN',
  GENERATION_CLOSED: 'ENGINE_FAILED',
  MODEL_CORRUPT: 'MODEL_CORRUPT',
  MODEL_MANIFEST_INVALID: 'MODEL_CORRUPT',
  MODEL_PACK_MISMATCH: 'MODEL_CORRUPT',
  MODEL_SELF_TEST_FAILED: 'MODEL_SELF_TEST_FAILED',
  MODEL_STORE_FAILED: 'ENGINE_FAILED',
  MODEL_UNAVAILABLE: 'ENGINE_CRASHED',
  MODEL_UNSUPPORTED: 'ENGINE_FAILED',
  PROMPT_EMPTY: 'PROMPT_EMPTY',
  PROMPT_TOO_LONG: 'PROMPT_TOO_LONG',
  REQUEST_INVALID: 'SPEC_INVALID',
  SAMPLER_FAILED: 'ENGINE_FAILED',
  STEP_IN_PROGRESS: 'ENGINE_FAILED',
  UNKNOWN_MODEL: 'MODEL_NOT_FOUND',
}

/** An engine with one generation of three tokens; it notes what it was asked for. */
class OneGeneration {
  readonly opened: { modelId: string; request: GenerationRequest }[] = []
  readonly steps: number[] = []
  closes = 0
  failure: Error | undefined

  models(): ModelInfo[] {
    return []
  }

  openEncoding(): Promise<never> {
    return Promise.reject(new TypeError('Not in this test.'))
  }

  open(modelId: string, request: GenerationRequest): Promise<Generation> {
    this.opened.push({ modelId, request })
    if (this.failure !== undefined) return Promise.reject(this.failure)
    return Promise.resolve({
      tokensIn: 5,
      step: (maxTokens) => this.#step(maxTokens),
      close: () => {
        this.closes += 1
      },
    })
  }

  async *#step(maxTokens: number): AsyncGenerator<TokenGroup, StepFinish> {
    this.steps.push(maxTokens)
    yield { ids: [1, 2], text: 'Qu' }
    if (this.failure !== undefined) throw this.failure
    yield { ids: [3], text: 'ack' }
    return { finishReason: 'stop' }
  }
}

const PAYER = hexOfDigit('2', 20)

describe('LocalStepEngine', () => {
  for (const [engine, code] of Object.entries(TABLE)) {
    it(`calls ${engine} of the engine ${code}`, async () => {
      const one = new OneGeneration()
      const message = 'What to do.'
      one.failure = new EngineError(engine as EngineErrorCode, message, { tokens: 3 })
      const error = await rejection(new LocalStepEngine(one).open(MODEL, spec, [], quiet, PAYER))
      expect(error.code).to.equal(code)
      expect(error.message).to.contain(message)
      expect(error.details).to.deep.equal({ tokens: 3 })
      expect(error.cause).to.equal(one.failure)
    })
  }

  it('calls what is no error of the engine ENGINE_FAILED, and keeps a code of the registry', () => {
    expect(registered(new TypeError('x'))).to.include({ code: 'ENGINE_FAILED' })
    const known = new DuckMeshError('CONFIG_INVALID', 'x')
    expect(registered(known)).to.equal(known)
  })

  it('hands over the spec in the words of the engine', async () => {
    const one = new OneGeneration()
    const generation = await new LocalStepEngine(one).open(MODEL, spec, [4, 5], quiet, PAYER)
    const { logitBias: _, ...sampling } = spec.sampling
    expect(one.opened).to.deep.equal([
      {
        modelId: MODEL,
        request: {
          client: PAYER,
          messages: spec.messages,
          prefixIds: [4, 5],
          maxTokens: 12,
          stop: ['end'],
          sampler: {
            ...sampling,
            logitBias: new Map([
              [7, -2],
              [9, 3],
            ]),
            seed: new Uint8Array(32).fill(10),
          },
        },
      },
    ])
    expect(generation.tokensIn).to.equal(5)
    generation.close()
    expect(one.closes).to.equal(1)
  })

  it('asks the engine for JSON when the spec does', async () => {
    const one = new OneGeneration()
    await new LocalStepEngine(one).open(MODEL, { ...spec, format: 'json' }, [], quiet, PAYER)
    expect(one.opened[0]?.request).to.include({ format: 'json' })
  })

  it('passes groups on, then why the step ended', async () => {
    const one = new OneGeneration()
    const generation = await new LocalStepEngine(one).open(MODEL, spec, [], quiet, PAYER)
    const step = generation.step(64, quiet)
    expect((await step.next()).value).to.deep.equal({ ids: [1, 2], text: 'Qu' })
    expect((await step.next()).value).to.deep.equal({ ids: [3], text: 'ack' })
    expect(await step.next()).to.deep.equal({ done: true, value: { finishReason: 'stop' } })
    expect(one.steps).to.deep.equal([64])
  })

  it('translates what a step throws', async () => {
    const one = new OneGeneration()
    const generation = await new LocalStepEngine(one).open(MODEL, spec, [], quiet, PAYER)
    one.failure = new EngineError('ENGINE_CRASHED', 'The worker died.')
    const step = generation.step(64, quiet)
    await step.next()
    expect((await rejection(step.next())).code).to.equal('ENGINE_CRASHED')
  })
})
