/** A child process that tells events as JSON lines on stdout and ends when its parent does. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { DuckMeshError } from '@duckmesh/protocols'

/** One line of a child's stdout. */
export interface ChildEvent {
  event: string
  [field: string]: unknown
}

export interface ChildInit {
  /** For messages and logs. */
  name: string
  command: string
  args: readonly string[]
  env?: Readonly<Record<string, string>>
  /** Every line of stderr; the last ones are also kept for a failure. */
  onLog?: (line: string) => void
  onEvent?: (event: ChildEvent) => void
}

/** Lines of stderr that a failure quotes. */
const KEPT_LINES = 20
/** Time from SIGTERM to SIGKILL, ms. */
const STOP_GRACE_MS = 8_000

export class Child {
  readonly name: string
  readonly process: ChildProcess
  /** Resolves when the process is gone. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  readonly #events: ChildEvent[] = []
  readonly #waiting = new Set<() => void>()
  readonly #log: string[] = []
  #gone = false

  constructor(init: ChildInit) {
    this.name = init.name
    // Detached: a Ctrl-C goes to the launcher alone, which then ends the children in order.
    this.process = spawn(init.command, init.args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...init.env },
    })
    this.exited = new Promise((resolve) => {
      this.process.once('error', (error) => {
        this.#log.push(String(error))
        this.#end(resolve, null, null)
      })
      this.process.once('exit', (code, signal) => {
        this.#end(resolve, code, signal)
      })
    })
    this.#read(init)
  }

  get pid(): number | undefined {
    return this.process.pid
  }

  get gone(): boolean {
    return this.#gone
  }

  /** The last lines of its log. */
  get lastLines(): readonly string[] {
    return this.#log
  }

  /** What it told when it was ready, once it is. */
  get lastReady(): ChildEvent | undefined {
    return this.#events.find((event) => event.event === 'ready')
  }

  /** Resolves to the first event of this name, past or future. Rejects with CHILD_FAILED when it exits first. */
  async event(name: string, timeoutMs: number): Promise<ChildEvent> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const found = this.#events.find((event) => event.event === name)
      if (found !== undefined) return found
      const leftMs = deadline - Date.now()
      if (this.#gone || leftMs <= 0) throw this.failure(`told no "${name}"`)
      await this.#change(leftMs)
    }
  }

  /** Sends a command and waits for the answer with the same id. */
  async ask<T>(command: string, fields: Record<string, unknown>, timeoutMs: number): Promise<T> {
    const id = crypto.randomUUID()
    this.process.send({ command, id, ...fields })
    const { ok, result, error } = await this.event(`answer:${id}`, timeoutMs)
    if (ok === true) return result as T
    throw new RemoteError(error as RemoteFailure)
  }

  failure(what: string): DuckMeshError {
    const tail = this.#log.length === 0 ? 'It printed nothing.' : this.#log.join('\n')
    return new DuckMeshError('CHILD_FAILED', `${this.name} ${what}.\n${tail}\n`, {
      details: { process: this.name },
    })
  }

  /** SIGTERM, then SIGKILL after a grace; resolves when it is gone. */
  async stop(): Promise<void> {
    if (this.#gone) return
    this.process.kill('SIGTERM')
    const kill = setTimeout(() => this.process.kill('SIGKILL'), STOP_GRACE_MS)
    await this.exited
    clearTimeout(kill)
  }

  #end(
    resolve: (exit: { code: number | null; signal: NodeJS.Signals | null }) => void,
    code: number | null,
    signal: NodeJS.Signals | null,
  ): void {
    this.#gone = true
    resolve({ code, signal })
    this.#wake()
  }

  #read(init: ChildInit): void {
    const { stderr, stdout } = this.process
    if (stdout === null || stderr === null) return
    createInterface({ input: stdout }).on('line', (line) => {
      this.#take(line, init)
    })
    createInterface({ input: stderr }).on('line', (line) => {
      this.#log.push(line)
      if (this.#log.length > KEPT_LINES) this.#log.shift()
      init.onLog?.(line)
    })
    this.process.on('message', (message) => {
      const answer = message as ChildEvent & { id: string }
      this.#push({ ...answer, event: `answer:${answer.id}` })
    })
  }

  #take(line: string, init: ChildInit): void {
    const event = parseEvent(line)
    if (event === null) return
    this.#push(event)
    init.onEvent?.(event)
  }

  #push(event: ChildEvent): void {
    this.#events.push(event)
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }

  #change(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs)
      this.#waiting.add(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}

/** What a child answers when a command failed. */
export interface RemoteFailure {
  code: string
  message: string
  details?: Record<string, unknown>
}

/** A failure that happened in a child, with the child's code. */
export class RemoteError extends Error {
  readonly code: string
  readonly details: Record<string, unknown>

  constructor(failure: RemoteFailure) {
    super(failure.message)
    this.name = 'RemoteError'
    this.code = failure.code
    this.details = failure.details ?? {}
  }
}

function parseEvent(line: string): ChildEvent | null {
  try {
    const value: unknown = JSON.parse(line)
    const isEvent = typeof value === 'object' && value !== null && 'event' in value
    return isEvent && typeof value.event === 'string' ? (value as ChildEvent) : null
  } catch {
    return null
  }
}
