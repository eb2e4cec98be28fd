import { DuckMeshError } from '../../errors.ts'
import { codedError } from '../../mesh/index.ts'
import { MAX_CAPS_IN_FLIGHT } from '../constants.ts'
import type { Session } from '../../mesh/index.ts'
import type { CapsFrame, CapsResponse, Hex } from '@duckmesh/proto'

interface Waiting {
  resolve(response: CapsResponse): void
  reject(error: DuckMeshError): void
}

/** Requests and answers on one caps stream, matched by id (K-21). Ends when the stream does. */
export class CapsSession {
  readonly #session: Session<CapsFrame>
  readonly #waiting = new Map<number, Waiting>()
  #nextId = 1

  constructor(session: Session<CapsFrame>, onEnd: () => void) {
    this.#session = session
    void this.#read().then((error) => {
      for (const waiting of this.#waiting.values()) waiting.reject(error)
      this.#waiting.clear()
      onEnd()
    })
  }

  get remoteKey(): Hex {
    return this.#session.stream.remoteKey
  }

  get operator(): Hex | undefined {
    return this.#session.remote.operator
  }

  get closed(): boolean {
    return this.#session.stream.closed
  }

  /** Asks; rejects with RATE_LIMITED, STREAM_CLOSED or what broke the stream. `cancel` forgets the request. */
  request(withRecord: boolean): { answer: Promise<CapsResponse>; cancel: () => void } {
    const id = this.#nextId++
    const answer = new Promise<CapsResponse>((resolve, reject) => {
      if (this.#waiting.size >= MAX_CAPS_IN_FLIGHT) {
        reject(new DuckMeshError('RATE_LIMITED', 'Too many caps requests wait for this peer.'))
        return
      }
      this.#waiting.set(id, { resolve, reject })
      this.#session.stream
        .send({ kind: 'request', request: { id, withRecord } })
        .catch((error: unknown) => {
          reject(codedError(error, 'STREAM_CLOSED', 'The request could not be sent.'))
        })
    })
    return { answer, cancel: () => this.#waiting.delete(id) }
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
      return new DuckMeshError('STREAM_CLOSED', 'The other side closed the caps stream.')
    } catch (error) {
      const coded = codedError(error, 'STREAM_CLOSED', 'The caps stream broke.')
      stream.abort(coded)
      return coded
    }
  }

  #take(frame: CapsFrame): void {
    if (frame.kind !== 'response' || frame.response.id >= this.#nextId) {
      throw new DuckMeshError('UNEXPECTED_FRAME', 'An answer that nobody asked for.')
    }
    // An answer to a request that was given up is not an error.
    const { id } = frame.response
    this.#waiting.get(id)?.resolve(frame.response)
    this.#waiting.delete(id)
  }
}
