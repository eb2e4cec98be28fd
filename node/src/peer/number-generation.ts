/** An embedding or a classification as dispatch runs it: numbers instead of tokens, text after text. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { Hex, JobSpec, NumberModel, NumberTask } from '@duckmesh/protocols'
import { dispatchConstants, numberIds } from '@duckmesh/protocols/dispatch'
import type { OpenGeneration, StepFinish, TokenGroup } from '@duckmesh/protocols/dispatch'
import type { Encoding, Engine } from '../engine/index.ts'
import { ENCODER_TASKS, numberModel } from './number-model.ts'

/** What a job of numbers asks of an engine. */
export interface NumberJob {
  modelId: Hex
  task: NumberTask
  spec: JobSpec
  /** Numbers that other providers delivered. */
  delivered: number
  payer: Hex
}

/** Rejects with MODEL_NOT_FOUND, NOT_SUPPORTED when the model has another task, SPEC_INVALID, and as the engine. */
export async function openNumbers(
  engine: Pick<Engine, 'models' | 'openEncoding'>,
  { delivered, modelId, payer, spec, task }: NumberJob,
  signal: AbortSignal,
): Promise<OpenGeneration> {
  const info = engine.models().find((model) => model.modelId === modelId)
  if (info === undefined) {
    throw new DuckMeshError('MODEL_NOT_FOUND', 'This node does not serve that model.')
  }
  const model = numberModel(info)
  if (model?.task !== task) {
    throw new DuckMeshError('NOT_SUPPORTED', `"${info.name}" is not made for ${task}.`, {
      details: { field: 'model' },
    })
  }
  const texts = textsLeft(spec, model, delivered)
  const request = { texts, client: payer }
  const encoding = await engine.openEncoding(modelId, ENCODER_TASKS[task], request, signal)
  return new NumberGeneration(encoding, model.width, texts.length)
}

/** The texts that are left to be computed behind so many delivered numbers. Throws SPEC_INVALID (rule N-1). */
function textsLeft(
  { format, maxTokens, messages, stop, texts = [] }: JobSpec,
  { width }: NumberModel,
  delivered: number,
): string[] {
  const { MAX_NUMBERS } = dispatchConstants
  const numbers = texts.length * width
  demand('messages', messages.length === 0, 'must be empty beside texts')
  demand('stop', stop.length === 0, 'means nothing to numbers')
  demand('format', format === undefined, 'means nothing to numbers')
  demand('texts', numbers <= MAX_NUMBERS, `would give more than ${MAX_NUMBERS} numbers`)
  demand('maxTokens', maxTokens === numbers, `must be ${numbers}`)
  demand('prefixIds', delivered % width === 0, 'must end with a text')
  return texts.slice(delivered / width)
}

function demand(field: string, holds: boolean, what: string): void {
  if (holds) return
  throw new DuckMeshError('SPEC_INVALID', `${field} ${what}.`, { details: { field } })
}

class NumberGeneration implements OpenGeneration {
  readonly tokensIn: number
  readonly #encoding: Encoding
  readonly #width: number
  /** Texts that are not computed yet. */
  #texts: number
  #ready: number[] = []

  constructor(encoding: Encoding, width: number, texts: number) {
    this.tokensIn = encoding.tokensIn
    this.#encoding = encoding
    this.#width = width
    this.#texts = texts
  }

  /** Computes a text only when its first number is wanted: what is not paid is not worked for. */
  async *step(maxTokens: number, signal: AbortSignal): AsyncGenerator<TokenGroup, StepFinish> {
    let room = maxTokens
    while (room > 0 && this.#isLeft()) {
      if (this.#ready.length === 0) await this.#compute(signal)
      const ids = this.#ready.splice(0, room)
      room -= ids.length
      yield { ids, text: '' }
    }
    return { finishReason: this.#isLeft() ? null : 'stop' }
  }

  close(): void {
    this.#encoding.close()
  }

  #isLeft(): boolean {
    return this.#ready.length > 0 || this.#texts > 0
  }

  async #compute(signal: AbortSignal): Promise<void> {
    const [numbers = new Float32Array()] = await this.#encoding.next(1, signal)
    // The client would refuse them and pay nothing more: say whose fault it is.
    if (numbers.length !== this.#width || !numbers.every(Number.isFinite)) {
      throw new DuckMeshError('ENGINE_FAILED', 'The model gave other numbers than it should.')
    }
    this.#texts -= 1
    this.#ready = numberIds(numbers)
  }
}
