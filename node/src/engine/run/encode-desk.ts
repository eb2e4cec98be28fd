/** The worker's side of embeddings and classifications. */
import { EngineError } from '../errors.ts'
import type { LoadedEncoder } from '../model/load-model.ts'
import type { WorkerCommand, WorkerCounters } from '../messages.ts'
import { encodeTexts } from './check-texts.ts'
import type { Outbox } from './outbox.ts'

/** A request: its texts as token ids, and the numbers of those asked for now. */
interface Job {
  readonly id: number
  readonly texts: readonly (readonly number[])[]
  /** Texts that are computed, and how many are to be. */
  done: number
  wanted: number
  outputs: Float32Array[]
}

/** Computes text by text, the jobs taking turns; between texts the thread hears new commands. */
export class EncodeDesk {
  /** An encoder draws no tokens. */
  readonly counters: WorkerCounters = {
    decodeRuns: 0,
    decodedTokens: 0,
    decodeMs: 0,
    prefixHitTokens: 0,
  }
  readonly #loaded: LoadedEncoder
  readonly #outbox: Outbox
  readonly #jobs = new Map<number, Job>()
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
    switch (command.type) {
      case 'encode':
        this.#open(id, command.texts)
        break
      case 'step':
        this.#want(id, command.maxTokens)
        break
      case 'close':
        this.#drop(id)
        break
      case 'open': {
        const message = 'This model generates no text. Ask it for embeddings or a classification.'
        throw new EngineError('REQUEST_INVALID', message, { field: 'model' })
      }
    }
  }

  #open(id: number, given: readonly string[]): void {
    const { info, tokenizer } = this.#loaded
    const texts = encodeTexts(given, tokenizer, info.contextLength)
    this.#jobs.set(id, { id, texts, done: 0, wanted: 0, outputs: [] })
    const tokens = texts.reduce((sum, ids) => sum + ids.length, 0)
    this.#outbox.opened(id, tokens)
  }

  #want(id: number, texts: number): void {
    const job = this.#jobs.get(id)
    if (job === undefined) {
      throw new EngineError('GENERATION_CLOSED', 'The request is closed. Open another one.')
    }
    job.wanted = Math.min(job.done + texts, job.texts.length)
    if (job.done < job.wanted) this.#queue.push(job)
    else this.#outbox.encoded(id, [])
  }

  #drop(id: number): void {
    this.#jobs.delete(id)
    this.#queue = this.#queue.filter((job) => job.id !== id)
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
      job.outputs.push(await this.#loaded.encoder.encode(job.texts[job.done] ?? []))
    } catch (error) {
      this.#outbox.failed(job.id, error)
      this.#drop(job.id)
      return
    }
    if (!this.#queue.includes(job)) return
    this.#queue = this.#queue.filter((queued) => queued !== job)
    job.done += 1
    if (job.done < job.wanted) {
      this.#queue.push(job)
      return
    }
    this.#outbox.encoded(job.id, job.outputs)
    job.outputs = []
  }
}
