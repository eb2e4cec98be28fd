/** Threads of the engine, and what else it needs from its surroundings. */
import { Worker } from 'node:worker_threads'
import type { Exit, Ping, WorkerCommand, WorkerInit, WorkerReport } from './messages.ts'

/** Heap of a worker, MiB: tokenizers and texts. Weights and caches lie outside of it. */
export const MAX_HEAP_MIB = 1024

/** Of that for what is new, MiB. More lets a worker grow by some 50 MiB in 10 000 short jobs and makes it no faster (measured). */
const YOUNG_MIB = 12

/** How often a worker that was asked to end is looked at, ms. */
const LOOK_INTERVAL_MS = 500

/** Looks at which it must be found outside of native code, one after another, before it is ended by force. */
const IDLE_LOOKS = 3

/** A running engine worker, as far as its supervisor must know it. */
export interface WorkerHandle {
  send(command: WorkerCommand | Ping): void
  /** Ends the worker between two runs of the graph; one that no longer listens is ended by force. */
  terminate(): Promise<void>
}

/** Whom a worker tells. down is called once, when it is gone for whatever reason. */
export interface WorkerListener {
  report(message: WorkerReport): void
  down(reason: string): void
}

/** What the engine needs from its surroundings. */
export interface EngineComponents {
  spawn(init: WorkerInit, listener: WorkerListener): WorkerHandle
  /** Runs a task later; gives a function that takes it back. */
  schedule(task: () => void, delayMs: number): () => void
}

/** Starts a real thread. In the sources the entry is TypeScript, in the package it is compiled. */
export function spawnWorker(init: WorkerInit, listener: WorkerListener): WorkerHandle {
  const entry = import.meta.url.endsWith('.ts') ? './engine-worker.ts' : './engine-worker.js'
  const nativeCalls = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const worker = new Worker(new URL(entry, import.meta.url), {
    workerData: { ...init, nativeCalls },
    name: 'duckmesh-engine',
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB, maxYoungGenerationSizeMb: YOUNG_MIB },
  })
  const exited = Promise.withResolvers<undefined>()
  let down = false
  const end = (reason: string): void => {
    if (!down) listener.down(reason)
    down = true
  }
  worker.on('message', (message: WorkerReport) => {
    listener.report(message)
  })
  worker.on('error', (error) => {
    end(error instanceof Error ? error.message : String(error))
  })
  worker.on('exit', (code) => {
    end(`exit code ${code}`)
    exited.resolve(undefined)
  })
  return {
    send(command) {
      worker.postMessage(command)
    },
    terminate: () => endWorker(worker, nativeCalls, exited.promise),
  }
}

/**
 * Asks the worker to end itself, which it does between two runs. Ending it by force inside a run would
 * abort the whole process, so that is only done to one that is found outside of native code again and
 * again and still has not heard: its JavaScript hangs.
 */
async function endWorker(
  worker: Worker,
  nativeCalls: Int32Array,
  exited: Promise<undefined>,
): Promise<void> {
  worker.postMessage({ type: 'exit' } satisfies Exit)
  let idleLooks = 0
  const looking = setInterval(() => {
    idleLooks = Atomics.load(nativeCalls, 0) === 0 ? idleLooks + 1 : 0
    if (idleLooks >= IDLE_LOOKS) void worker.terminate()
  }, LOOK_INTERVAL_MS)
  await exited
  clearInterval(looking)
}

/** A timer that does not keep the process alive. */
export function scheduleTimer(task: () => void, delayMs: number): () => void {
  const timer = setTimeout(task, delayMs)
  timer.unref()
  return () => {
    clearTimeout(timer)
  }
}
