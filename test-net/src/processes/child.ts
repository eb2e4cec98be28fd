/** A child process that tells events as JSON lines on stdout and ends when its parent does. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { DuckMeshError } from '@duckmesh/protocols'
import type { ChildEvent, ChildExit, ChildInit, RemoteFailure } from './interface.ts'
import { RemoteError } from './remote-error.ts'

/** Lines of stderr that a failure quotes. */
const KEPT_LINES = 20
/** Time from SIGTERM to SIGKILL, ms. */
const STOP_GRACE_MS = 8_000

/** What a child answers to a command. */
interface Answer {
  id: string
  ok: boolean
  result?: unknown
  error?: RemoteFailure
}

export class Child {
  readonly name: string
  readonly process: ChildProcess
  /** Resolves when the process is gone; at once when it could not be started. */
  readonly exited: Promise<ChildExit>
  /** The first event of each name. */
  readonly #events = new Map<string, ChildEvent>()
  readonly #answers = new Map<string, Answer>()
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
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.#gone = true
        resolve({ code, signal })
        this.#wake()
      }
      this.process.once('exit', end)
      // Also told when a command could not be sent; then the process may still run.
      this.process.on('error', (error) => {
        this.#log.push(String(error))
        if (this.process.pid === undefined) end(null, null)
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

  /** What it told when it was ready, once it is. */
  get lastReady(): ChildEvent | undefined {
    return this.#events.get('ready')
  }

  /** Resolves to the first event of this name, past or future. Rejects with CHILD_FAILED when it exits first. */
  event(name: string, timeoutMs: number): Promise<ChildEvent> {
    return this.#until(`told no "${name}"`, timeoutMs, () => this.#events.get(name))
  }

  /** Sends a command and waits for its answer. Rejects with the child's own code, or CHILD_FAILED. */
  async ask<T>(command: string, fields: Record<string, unknown>, timeoutMs: number): Promise<T> {
    const id = crypto.randomUUID()
    if (!this.process.connected) throw this.failure(`cannot be asked for "${command}"`)
    this.process.send({ command, id, ...fields })
    const what = `gave no answer to "${command}"`
    const { error, ok, result } = await this.#until(what, timeoutMs, () => this.#answers.get(id))
    this.#answers.delete(id)
    if (ok) return result as T
    throw new RemoteError(error ?? { code: 'INTERNAL', message: `${this.name} ${what}.` })
  }

  /** CHILD_FAILED with the last lines of its log. */
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

  async #until<T>(what: string, timeoutMs: number, find: () => T | undefined): Promise<T> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const found = find()
      if (found !== undefined) return found
      const leftMs = deadline - Date.now()
      if (this.#gone || leftMs <= 0) throw this.failure(what)
      await this.#change(leftMs)
    }
  }

  #read(init: ChildInit): void {
    const { stderr, stdout } = this.process
    if (stdout === null || stderr === null) return
    createInterface({ input: stdout }).on('line', (line) => {
      const event = parseEvent(line)
      if (event === null) return
      if (!this.#events.has(event.event)) this.#events.set(event.event, event)
      this.#wake()
      init.onEvent?.(event)
    })
    createInterface({ input: stderr }).on('line', (line) => {
      this.#log.push(line)
      if (this.#log.length > KEPT_LINES) this.#log.shift()
      init.onLog?.(line)
    })
    this.process.on('message', (message) => {
      const answer = message as Answer
      this.#answers.set(answer.id, answer)
      this.#wake()
    })
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

function parseEvent(line: string): ChildEvent | null {
  try {
    const value: unknown = JSON.parse(line)
    const isEvent = typeof value === 'object' && value !== null && 'event' in value
    return isEvent && typeof value.event === 'string' ? (value as ChildEvent) : null
  } catch {
    return null
  }
}
