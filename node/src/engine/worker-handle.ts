import { Worker } from 'node:worker_threads'
import type { WorkerCommand, WorkerInit, WorkerReport } from './messages.ts'

/** A running engine worker, as far as its supervisor must know it. */
export interface WorkerHandle {
  send(command: WorkerCommand): void
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
  const worker = new Worker(new URL(entry, import.meta.url), {
    workerData: init,
    name: 'duckmesh-engine',
  })
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
  })
  return {
    send(command) {
      worker.postMessage(command)
    },
    async terminate() {
      await worker.terminate()
    },
  }
}

/** A timer that does not keep the process alive. */
export function scheduleTimer(task: () => void, delayMs: number): () => void {
  const timer = setTimeout(task, delayMs)
  timer.unref()
  return () => {
    clearTimeout(timer)
  }
}
