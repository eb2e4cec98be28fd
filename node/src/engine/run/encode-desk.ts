/** The worker's side of embeddings and classifications. */
import { EngineError } from '../errors.ts'
import type { LoadedEncoder } from '../model/load-model.ts'
import type { WorkerCommand, WorkerCounters } from '../messages.ts'
import { encodeTexts } from './check-texts.ts'
import type { Outbox } from './outbox.ts'

/** Texts of one request, as token ids. */
interface Job {
  readonly id: number
  readonly texts: readonly (readonly number[])[]
  readonly outputs: Float32Array[]
}

/** Computes text by text, the jobs taking turns; between texts the thread hears new commands. */
export class EncodeDesk {
  /** An encoder draws no tokens. */
  readonly counters: WorkerCounters = { decodeRuns: 0, decodedTokens: 0, prefixHitTokens: 0 }
  readonly #loaded: LoadedEncoder
  readonly #outbox: Outbox
  #queue: Job[] = []
  #pumping = false

  constructor(loaded: LoadedEncoder, outbox: Outbox) {
    this.#loaded = loaded
    this.#outbox = outbox
  }

  /** Never throws: what goes wrong becomes an event. */
  async handle(command: WorkerCommand): Promise<void> {
    try {
      this.#execute(command)
    } catch (error) {
      this.#outbox.failed(command.generation, error)
    }
    this.#outbox.endTick()
    await this.#pump()
  }

  #execute(command: WorkerCommand): void {
    const { generation: id } = command
    if (command.type === 'close') {
      this.#queue = this.#queue.filter((job) => job.id !== id)
      return
    }
    if (command.type !== 'encode') {
      const message = 'This model generates no text. Ask it for embeddings or a classification.'
      throw new EngineError('REQUEST_INVALID', message, { field: 'model' })
    }
    const { info, tokenizer } = this.#loaded
    const texts = encodeTexts(command.texts, tokenizer, info.contextLength)
    this.#queue.push({ id, texts, outputs: [] })
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return
    this.#pumping = true
    for (let job = this.#queue[0]; job !== undefined; job = this.#queue[0]) {
      await this.#advance(job)
      this.#outbox.endTick()
    }
    this.#pumping = false
  }

  /** One text of one job, which then goes to the end of the queue. */
  async #advance(job: Job): Promise<void> {
    try {
      const ids = job.texts[job.outputs.length] ?? []
      job.outputs.push(await this.#loaded.encoder.encode(ids))
    } catch (error) {
      this.#outbox.failed(job.id, error)
      this.#queue = this.#queue.filter((queued) => queued !== job)
      return
    }
    if (!this.#queue.includes(job)) return
    this.#queue = this.#queue.filter((queued) => queued !== job)
    if (job.outputs.length < job.texts.length) {
      this.#queue.push(job)
      return
    }
    const tokens = job.texts.reduce((sum, ids) => sum + ids.length, 0)
    this.#outbox.encoded(job.id, job.outputs, tokens)
  }
}
