import { Worker } from 'node:worker_threads'
import { DuckMeshError } from '@duckmesh/protocols'
import type { Durability } from '@duckmesh/protocols/dispatch'
import type { Outcome, Sql, SqlRow, SqlStatement } from './interface.ts'
import type { Failure, Request, Response, WorkerInit } from './sqlite-protocol.ts'

interface Waiting {
  resolve: (response: Response & { ok: true }) => void
  reject: (error: DuckMeshError) => void
}

/** A request without its number, for each kind. */
type Body = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never

/** Published packages hold JavaScript; the sources run as they are. */
const WORKER_FILE = import.meta.url.endsWith('.ts') ? './sqlite-worker.ts' : './sqlite-worker.js'

/** The `Sql` of a database file that lives in its own worker thread, so a sync never stops the event loop. */
export class SqliteClient implements Sql {
  readonly #path: string
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0
  #ended: DuckMeshError | undefined
  #closing: Promise<void> | undefined

  private constructor(init: WorkerInit) {
    this.#path = init.path
    this.#worker = new Worker(new URL(WORKER_FILE, import.meta.url), { workerData: init })
    this.#worker.on('message', (response: Response) => {
      this.#answer(response)
    })
    this.#worker.on('error', (error: Error) => {
      this.#end(storeError(this.#path, { reason: 'failed', message: error.message }))
    })
    this.#worker.on('exit', () => {
      this.#end(storeError(this.#path, { reason: 'failed', message: 'The store is closed.' }))
    })
  }

  /**
   * Opens or creates the file and brings it to the newest schema. Rejects with STORE_CORRUPT when the file is
   * no sound database (it is left as it is), VERSION_UNSUPPORTED when a later version wrote it, STORE_LOCKED
   * when another process writes it now.
   */
  static async open(init: WorkerInit): Promise<SqliteClient> {
    const client = new SqliteClient(init)
    await new Promise<void>((resolve, reject) => {
      client.#waiting.set(0, {
        resolve: () => {
          resolve()
        },
        reject,
      })
    })
    return client
  }

  async write(statements: readonly SqlStatement[], level: Durability): Promise<Outcome> {
    const { outcome } = await this.#ask({ kind: 'write', statements, level })
    if (outcome === undefined)
      throw storeError(this.#path, { reason: 'failed', message: 'No outcome.' })
    return outcome
  }

  async read(statements: readonly SqlStatement[]): Promise<SqlRow[][]> {
    const { rows } = await this.#ask({ kind: 'read', statements })
    return rows ?? []
  }

  /** Commits what is pending and closes the file; later calls reject. */
  close(): Promise<void> {
    this.#closing ??= this.#ended === undefined ? this.#shutDown() : Promise.resolve()
    return this.#closing
  }

  async #shutDown(): Promise<void> {
    await this.#ask({ kind: 'close' })
    await this.#worker.terminate()
  }

  #ask(body: Body): Promise<Response & { ok: true }> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ ...body, id })
    })
  }

  #answer(response: Response): void {
    const waiting = this.#waiting.get(response.id)
    this.#waiting.delete(response.id)
    if (response.ok) waiting?.resolve(response)
    else waiting?.reject(storeError(this.#path, response.failure))
  }

  #end(error: DuckMeshError): void {
    this.#ended ??= error
    for (const { reject } of this.#waiting.values()) reject(this.#ended)
    this.#waiting.clear()
  }
}

function storeError(path: string, failure: Failure): DuckMeshError {
  const details = { path, reason: failure.message }
  if (failure.reason === 'newer') {
    return new DuckMeshError('VERSION_UNSUPPORTED', `A later version wrote ${path}.`, { details })
  }
  if (failure.reason === 'corrupt') {
    return new DuckMeshError('STORE_CORRUPT', `${path} is damaged and was left as it is.`, {
      details,
    })
  }
  if (failure.reason === 'locked') {
    return new DuckMeshError('STORE_LOCKED', `${path} is in use.`, { details })
  }
  return new DuckMeshError('INTERNAL', `The store ${path} failed: ${failure.message}.`, { details })
}
