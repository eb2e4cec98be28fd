/**
 * The worker thread of the store: group commit over one connection.
 *
 * The first write opens a transaction, later ones join it; it is committed, with one sync, as soon as the
 * messages at hand are done when one of them was `durable`, else after GROUP_WINDOW_MS. Nobody hears that
 * his write is done before the commit.
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { SqliteDatabase, failureOf } from './sqlite-database.ts'
import type { Failure, Request, Response, WorkerInit } from './sqlite-protocol.ts'

/** Longest wait of a `grouped` write before its sync, ms. DESIGN §5 allows 50 in all; a sync takes about 0.3. */
const GROUP_WINDOW_MS = 10

/** Serves one database to one port. */
class GroupCommitter {
  readonly #db: SqliteDatabase
  readonly #port: MessagePort
  #open = false
  #answers: Response[] = []
  #commitSoon: NodeJS.Immediate | undefined
  #commitLater: NodeJS.Timeout | undefined
  /** Set when a commit failed: readers have seen what is not on disk, so nothing may build on it. */
  #broken: Failure | undefined

  constructor(db: SqliteDatabase, port: MessagePort) {
    this.#db = db
    this.#port = port
  }

  handle(request: Request): void {
    const { id, kind } = request
    try {
      if (kind === 'close') this.#close(id)
      else if (this.#broken !== undefined) this.#answer({ id, ok: false, failure: this.#broken })
      else if (kind === 'write') this.#write(request)
      else
        this.#answer({ id, ok: true, rows: request.statements.map((one) => this.#db.query(one)) })
    } catch (error) {
      this.#answer({ id, ok: false, failure: failureOf(error) })
    }
  }

  #write(request: Request & { kind: 'write' }): void {
    if (!this.#open) this.#db.begin()
    this.#open = true
    // Schedule first: the transaction must end also when this batch fails.
    this.#schedule(request.level === 'durable')
    const outcome = this.#db.batch(request.statements)
    this.#answers.push({ id: request.id, ok: true, outcome })
  }

  #schedule(now: boolean): void {
    if (now) this.#commitSoon ??= setImmediate(() => this.#commit())
    else this.#commitLater ??= setTimeout(() => this.#commit(), GROUP_WINDOW_MS)
  }

  #commit(): void {
    clearImmediate(this.#commitSoon)
    clearTimeout(this.#commitLater)
    this.#commitSoon = undefined
    this.#commitLater = undefined
    const answers = this.#answers
    this.#answers = []
    if (!this.#open) return
    this.#open = false
    try {
      this.#db.commit()
      for (const answer of answers) this.#answer(answer)
    } catch (error) {
      this.#broken = failureOf(error)
      for (const { id } of answers) this.#answer({ id, ok: false, failure: this.#broken })
    }
  }

  #close(id: number): void {
    this.#commit()
    this.#db.close()
    this.#answer({ id, ok: true })
    this.#port.close()
  }

  #answer(response: Response): void {
    this.#port.postMessage(response)
  }
}

function serve(port: MessagePort): void {
  try {
    const committer = new GroupCommitter(new SqliteDatabase(workerData as WorkerInit), port)
    port.on('message', (request: Request) => {
      committer.handle(request)
    })
    port.postMessage({ id: 0, ok: true })
  } catch (error) {
    port.postMessage({ id: 0, ok: false, failure: failureOf(error) })
    port.close()
  }
}

if (parentPort !== null) serve(parentPort)
