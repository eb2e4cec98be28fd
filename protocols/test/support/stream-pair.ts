/** Two ends of one stream in memory; every frame goes through its wire bytes, and a full pipe holds the writer. */
import type { Codec, Hex } from '@duckmesh/proto'
import type { PeerId } from '@libp2p/interface'
import { DuckMeshError } from '../../src/errors.ts'
import type { FrameStream } from '../../src/mesh/interface.ts'

/** What a test does to frames on the way: the frames that arrive instead. */
export type Tap<T> = (frame: T) => readonly T[]

export interface StreamPairInit<T> {
  /** Frames that wait unread before the writer waits. */
  capacity?: number
  toLeft?: Tap<T>
  toRight?: Tap<T>
}

export interface StreamPair<T> {
  left: MemoryStream<T>
  right: MemoryStream<T>
}

export class MemoryStream<T> implements FrameStream<T> {
  readonly remotePeer = { toString: () => 'memory' } as unknown as PeerId
  readonly remoteKey: Hex = `0x${'00'.repeat(32)}`
  /** While true this end reads nothing. */
  paused = false
  other!: MemoryStream<T>
  readonly #codec: Codec<T>
  readonly #capacity: number
  readonly #tap: Tap<T>
  readonly #inbox: Uint8Array[] = []
  #waiting: (() => void)[] = []
  #localClosed = false
  #remoteEnded = false
  #error: Error | null = null

  constructor(codec: Codec<T>, capacity: number, tap: Tap<T>) {
    this.#codec = codec
    this.#capacity = capacity
    this.#tap = tap
  }

  get closed(): boolean {
    return this.#localClosed || this.#error !== null
  }

  /** Frames that arrived and are unread. */
  get unread(): number {
    return this.#inbox.length
  }

  async send(frame: T): Promise<void> {
    this.#assertOpen()
    const sent = this.#codec.decode(this.#codec.encode(frame))
    const { other } = this
    for (const tapped of this.#tap(sent)) other.#inbox.push(this.#codec.encode(tapped))
    other.#changed()
    while (other.#inbox.length >= this.#capacity && !this.closed) await other.#change()
    this.#assertOpen()
  }

  /** Puts bytes on the wire as they are. */
  sendBytes(bytes: Uint8Array): void {
    this.other.#inbox.push(bytes)
    this.other.#changed()
  }

  async close(): Promise<void> {
    this.#localClosed = true
    this.other.#remoteEnded = true
    this.#changed()
    this.other.#changed()
  }

  abort(reason: Error): void {
    if (this.#error !== null) return
    this.#error = reason
    this.other.#error ??= new DuckMeshError('STREAM_CLOSED', 'The remote reset the stream.')
    this.#changed()
    this.other.#changed()
  }

  /** Reads on after `paused`. */
  resume(): void {
    this.paused = false
    this.#changed()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    for (;;) {
      if (this.#error !== null) throw this.#error
      const bytes = this.paused ? undefined : this.#inbox.shift()
      if (bytes !== undefined) {
        this.#changed()
        yield this.#decode(bytes)
      } else if (!this.paused && this.#remoteEnded) return
      else await this.#change()
    }
  }

  #decode(bytes: Uint8Array): T {
    try {
      return this.#codec.decode(bytes)
    } catch (cause) {
      const error = new DuckMeshError('MALFORMED_FRAME', 'The bytes are no frame.', { cause })
      this.abort(error)
      throw error
    }
  }

  #assertOpen(): void {
    if (this.closed) throw new DuckMeshError('STREAM_CLOSED', 'The stream is closed.')
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #changed(): void {
    const waiting = [...this.#waiting, ...this.other.#waiting]
    this.#waiting = []
    this.other.#waiting = []
    for (const wake of waiting) wake()
  }
}

/** `left` is the client's end in these tests, `right` the provider's. */
export function streamPair<T>(codec: Codec<T>, init: StreamPairInit<T> = {}): StreamPair<T> {
  const { capacity = 64, toLeft, toRight } = init
  const pass: Tap<T> = (frame) => [frame]
  const left = new MemoryStream(codec, capacity, toRight ?? pass)
  const right = new MemoryStream(codec, capacity, toLeft ?? pass)
  left.other = right
  right.other = left
  return { left, right }
}
