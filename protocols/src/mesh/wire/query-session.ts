/** Questions and answers on one stream (M-80). */
import { DuckMeshError } from '../../errors.ts'
import { codedError } from '../coded-error.ts'
import { MAX_QUERIES_IN_FLIGHT } from '../constants.ts'
import type { HelloFrame } from './session.ts'
import type { Session } from '../interface.ts'
import type { Codec, Hex } from '@duckmesh/proto'

/** How a protocol of questions and answers is spoken: each question has an id, which its answer repeats. */
export interface QueryProtocol<F extends { kind: string }, Q, A> {
  /** Protocol id of libp2p. */
  id: string
  codec: Codec<F | HelloFrame>
  question(id: number, query: Q): F
  /** The answer in a frame; undefined for every other kind of frame. */
  answer(frame: F | HelloFrame): { id: number; answer: A } | undefined
}

/** A question that was sent. */
export interface Asked<A> {
  /** Rejects with RATE_LIMITED, STREAM_CLOSED or what broke the stream. */
  answer: Promise<A>
  /** Forgets the question; a late answer is no error. */
  cancel(): void
}

interface Waiting<A> {
  resolve(answer: A): void
  reject(error: DuckMeshError): void
}

/** Questions and answers on one stream, matched by id (M-80). Ends when the stream does. */
export class QuerySession<F extends { kind: string }, Q, A> {
  readonly #session: Session<F | HelloFrame>
  readonly #protocol: QueryProtocol<F, Q, A>
  readonly #waiting = new Map<number, Waiting<A>>()
  #nextId = 1

  constructor(
    session: Session<F | HelloFrame>,
    protocol: QueryProtocol<F, Q, A>,
    onEnd: () => void,
  ) {
    this.#session = session
    this.#protocol = protocol
    void this.#read().then((error) => {
      for (const waiting of this.#waiting.values()) waiting.reject(error)
      this.#waiting.clear()
      onEnd()
    })
  }

  get remoteKey(): Hex {
    return this.#session.stream.remoteKey
  }

  /** Operator of the remote, proved by its hello. */
  get operator(): Hex | undefined {
    return this.#session.remote.operator
  }

  ask(query: Q): Asked<A> {
    const id = this.#nextId++
    const answer = new Promise<A>((resolve, reject) => {
      if (this.#waiting.size >= MAX_QUERIES_IN_FLIGHT) {
        reject(new DuckMeshError('RATE_LIMITED', 'Too many questions wait for this peer.'))
        return
      }
      this.#waiting.set(id, { resolve, reject })
      this.#session.stream.send(this.#protocol.question(id, query)).catch((error: unknown) => {
        reject(codedError(error, 'STREAM_CLOSED', 'The question could not be sent.'))
      })
    })
    return { answer, cancel: () => void this.#waiting.delete(id) }
  }

  close(): Promise<void> {
    return this.#session.stream.close()
  }

  /** Takes answers until the stream ends; resolves with the reason. */
  async #read(): Promise<DuckMeshError> {
    const { stream } = this.#session
    try {
      for await (const frame of stream) this.#take(frame)
      await stream.close()
      return new DuckMeshError('STREAM_CLOSED', 'The other side closed the stream.')
    } catch (error) {
      const coded = codedError(error, 'STREAM_CLOSED', 'The stream broke.')
      stream.abort(coded)
      return coded
    }
  }

  #take(frame: F | HelloFrame): void {
    const told = this.#protocol.answer(frame)
    if (told === undefined || told.id >= this.#nextId) {
      throw new DuckMeshError('UNEXPECTED_FRAME', 'An answer that nobody asked for.')
    }
    // An answer to a question that was given up is not an error.
    this.#waiting.get(told.id)?.resolve(told.answer)
    this.#waiting.delete(told.id)
  }
}
