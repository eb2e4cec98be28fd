/** One server-sent event stream (WHATWG HTML §9.2) over a raw response, with backpressure and keep-alive. */
import type { Clock } from '@duckmesh/protocols'
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { KEEP_ALIVE_MS, STALL_MS } from './constants.ts'

export class EventStream {
  readonly #response: ServerResponse
  readonly #clock: Clock
  #cancelTimer: () => void = () => undefined

  constructor(response: ServerResponse, clock: Clock) {
    this.#response = response
    this.#clock = clock
  }

  /** Sends the head at once; from here on a failure is told inside the stream. */
  open(headers: OutgoingHttpHeaders = {}): void {
    this.#response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    })
    this.#response.flushHeaders()
    this.#keepAlive()
  }

  /** A line that clients ignore: progress for people, and a sign of life. */
  comment(text: string): Promise<void> {
    return this.#write(`: ${text.replace(/[\r\n]+/g, ' ')}\n\n`)
  }

  data(value: unknown): Promise<void> {
    return this.#write(`data: ${JSON.stringify(value)}\n\n`)
  }

  /** OpenAI's end marker, then the end. */
  async done(): Promise<void> {
    await this.#write('data: [DONE]\n\n')
    this.end()
  }

  end(): void {
    this.#cancelTimer()
    this.#response.end()
  }

  /**
   * Waits while the reader is slow and hangs up on one that takes nothing. Resolves also when it went away, which the
   * request's own signal tells.
   */
  #write(text: string): Promise<void> {
    const response = this.#response
    if (response.destroyed || response.write(text)) return Promise.resolve()
    return new Promise((resolve) => {
      const cancelStall = this.#clock.after(STALL_MS, () => response.destroy())
      const done = (): void => {
        cancelStall()
        response.off('drain', done)
        response.off('close', done)
        resolve()
      }
      response.on('drain', done)
      response.on('close', done)
    })
  }

  #keepAlive(): void {
    this.#cancelTimer = this.#clock.after(KEEP_ALIVE_MS, () => {
      if (this.#response.destroyed) return
      // A full buffer is a sign of life on its way.
      if (!this.#response.writableNeedDrain) void this.comment('waiting')
      this.#keepAlive()
    })
  }
}
