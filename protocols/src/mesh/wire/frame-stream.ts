import * as lp from 'it-length-prefixed'
import { pipe } from 'it-pipe'
import { DuckMeshError } from '../../errors.ts'
import { codedError } from '../coded-error.ts'
import {
  CLOSE_TIMEOUT_MS,
  MAX_WRITE_QUEUE_BYTES,
  READ_HIGH_WATER_BYTES,
  READ_LOW_WATER_BYTES,
} from '../constants.ts'
import { withDeadline } from '../deadline.ts'
import { peerKeyOf } from '../peer-key.ts'
import { drained } from './drained.ts'
import { FrameSource } from './frame-source.ts'
import type { Clock } from '../../components.ts'
import type { FrameStream } from '../interface.ts'
import type { Codec, Hex } from '@duckmesh/proto'
import type { PeerId, Stream } from '@libp2p/interface'
import type { Uint8ArrayList } from 'uint8arraylist'

/** Bytes of a length prefix: enough for frames of 256 MiB, more than any codec takes. */
const MAX_LENGTH_BYTES = 4

export interface FrameStreamComponents<T> {
  stream: Stream
  remotePeer: PeerId
  /** Its `maxBytes` is the cap of a frame, checked on the length prefix before anything is buffered (M-41). */
  codec: Codec<T>
  clock: Clock
}

export interface FrameStreamInit {
  /** Unread bytes above which the remote is paused, and at which it goes on. */
  highWaterBytes?: number
  lowWaterBytes?: number
  closeTimeoutMs?: number
}

/**
 * Frames over a libp2p stream (M-40 to M-45).
 *
 * Frames may be taken by several loops one after the other (a session takes the hello, the protocol the
 * rest): leaving a `for await` does not end the stream.
 */
class ProtocolFrameStream<T> implements FrameStream<T> {
  readonly remotePeer: PeerId
  readonly remoteKey: Hex
  readonly #components: FrameStreamComponents<T>
  readonly #closeTimeoutMs: number
  readonly #source: FrameSource
  readonly #frames: AsyncGenerator<T>
  #closing: Promise<void> | undefined

  constructor(components: FrameStreamComponents<T>, init: FrameStreamInit) {
    this.#components = components
    this.#closeTimeoutMs = init.closeTimeoutMs ?? CLOSE_TIMEOUT_MS
    this.remotePeer = components.remotePeer
    this.remoteKey = peerKeyOf(components.remotePeer)
    this.#source = new FrameSource(components.stream, {
      highBytes: init.highWaterBytes ?? READ_HIGH_WATER_BYTES,
      lowBytes: init.lowWaterBytes ?? READ_LOW_WATER_BYTES,
    })
    components.stream.maxWriteBufferLength = MAX_WRITE_QUEUE_BYTES
    this.#frames = this.#read()
  }

  get closed(): boolean {
    const { status, writeStatus } = this.#components.stream
    return status !== 'open' || writeStatus !== 'writable'
  }

  async send(frame: T): Promise<void> {
    const { codec, stream } = this.#components
    const bytes = encoded(codec, frame)
    try {
      if (!stream.send(lp.encode.single(bytes))) await drained(stream)
    } catch (error) {
      throw codedError(error, 'STREAM_CLOSED', 'The frame could not be sent.')
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  abort(reason: Error): void {
    this.#source.discard(reason)
    this.#components.stream.abort(reason)
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    return { next: () => this.#frames.next() }
  }

  async #close(): Promise<void> {
    const { clock, stream } = this.#components
    const deadline = { clock, ms: this.#closeTimeoutMs, what: 'The stream did not drain' }
    try {
      await withDeadline(stream.close(), deadline)
    } catch (error) {
      this.abort(codedError(error, 'STREAM_CLOSED', 'The stream could not be closed.'))
    }
  }

  async *#read(): AsyncGenerator<T> {
    const { codec, stream } = this.#components
    try {
      yield* pipe(
        this.#source.read(),
        (bytes) =>
          lp.decode(bytes, { maxDataLength: codec.maxBytes, maxLengthLength: MAX_LENGTH_BYTES }),
        (frames) => decodeFrames(frames, codec),
      )
    } catch (error) {
      const coded = readError(error)
      stream.abort(coded)
      throw coded
    }
  }
}

/** Wraps a libp2p stream. Throws DuckMeshError MALFORMED_FRAME when the remote has no Ed25519 peer id. */
export function frameStream<T>(
  components: FrameStreamComponents<T>,
  init: FrameStreamInit = {},
): FrameStream<T> {
  return new ProtocolFrameStream(components, init)
}

async function* decodeFrames<T>(
  source: AsyncIterable<Uint8ArrayList>,
  codec: Codec<T>,
): AsyncGenerator<T> {
  for await (const bytes of source) yield codec.decode(bytes.subarray())
}

function encoded<T>(codec: Codec<T>, frame: T): Uint8Array {
  try {
    return codec.encode(frame)
  } catch (error) {
    throw codedError(error, 'INTERNAL', 'The frame could not be encoded.')
  }
}

/** What the length decoder, the codec or the muxer threw, as one of our codes. */
function readError(error: unknown): DuckMeshError {
  const name = error instanceof Error ? error.name : ''
  if (name === 'InvalidDataLengthError') {
    return new DuckMeshError('FRAME_TOO_LARGE', 'A frame above the cap was announced.', {
      cause: error,
    })
  }
  if (name === 'InvalidDataLengthLengthError' || name === 'InvalidMessageLengthError') {
    return new DuckMeshError('MALFORMED_FRAME', 'A length prefix is no number.', { cause: error })
  }
  if (name === 'UnexpectedEOFError') {
    return new DuckMeshError('MALFORMED_FRAME', 'The stream ended inside a frame.', {
      cause: error,
    })
  }
  return codedError(error, 'STREAM_CLOSED', 'The stream broke.')
}
