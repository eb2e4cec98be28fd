import type { Stream } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'

/** Bytes held back before the remote is paused, and at which it may go on. */
export interface WaterMarks {
  highBytes: number
  lowBytes: number
}

type Chunk = Uint8Array | Uint8ArrayList

/**
 * The bytes of a stream in order, with backpressure.
 *
 * The iterator that a libp2p stream brings along queues without bound and loses what is still in a paused
 * stream's buffer when the remote closes; this one pauses the stream above the high mark (M-43).
 */
export class FrameSource {
  readonly #stream: Stream
  readonly #marks: WaterMarks
  readonly #chunks: Chunk[] = []
  #held = 0
  #ended = false
  #error: Error | undefined
  #wake: (() => void) | undefined

  constructor(stream: Stream, marks: WaterMarks) {
    this.#stream = stream
    this.#marks = marks
    stream.addEventListener('message', (event) => {
      this.#push(event.data)
    })
    stream.addEventListener('end', () => {
      if (stream.status !== 'aborted' && stream.status !== 'reset') this.finish()
    })
    stream.addEventListener('close', (event) => {
      if (event.error !== undefined || stream.readBufferLength === 0) this.finish(event.error)
    })
    if (stream.readableEnded || stream.readStatus === 'closed') this.finish()
  }

  /** No more bytes will come; what is held is still read before `error` shows. */
  finish(error?: Error): void {
    if (this.#ended) return
    this.#ended = true
    this.#error = error
    this.#wake?.()
  }

  /** Ends at once with `error`, without what is held. */
  discard(error: Error): void {
    this.#chunks.length = 0
    this.#held = 0
    this.#ended = false
    this.finish(error)
  }

  async *read(): AsyncGenerator<Chunk> {
    for (;;) {
      const chunk = this.#chunks.shift()
      if (chunk !== undefined) {
        this.#release(chunk.byteLength)
        yield chunk
      } else if (this.#ended) {
        if (this.#error !== undefined) throw this.#error
        return
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
  }

  #push(chunk: Chunk): void {
    this.#chunks.push(chunk)
    this.#held += chunk.byteLength
    if (this.#held >= this.#marks.highBytes && this.#stream.readStatus === 'readable') {
      this.#stream.pause()
    }
    this.#wake?.()
  }

  #release(bytes: number): void {
    this.#held -= bytes
    if (this.#held > this.#marks.lowBytes || this.#stream.readStatus !== 'paused') return
    try {
      this.#stream.resume()
    } catch {
      // The muxer went away meanwhile; the close event tells why.
    }
  }
}
