/** Runs a model in a process of its own instead of a thread: for devices whose drivers may crash. */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import type { Exit, WorkerInit, WorkerReport } from '../messages.ts'
import { MAX_HEAP_MIB } from '../worker-handle.ts'
import type { WorkerHandle, WorkerListener } from '../worker-handle.ts'

/** A process has this long to end itself, ms. Then it is killed, which harms nothing outside of it. */
const EXIT_MS = 3_000

/** NVIDIA's libraries else compute products of float32 numbers with 10 bits of mantissa. */
const EXACT = { NVIDIA_TF32_OVERRIDE: '0' }

/** A running process. */
export interface ProcessHandle extends WorkerHandle {
  readonly pid: number | undefined
}

/**
 * A stand-in for spawnWorker. Two sessions of WebGPU that run at once in one process end it with a
 * segmentation fault (onnxruntime 1.30), and a driver that fails may do so at any time; here it takes
 * one model along, which the supervisor starts again.
 */
export function spawnProcess(init: WorkerInit, listener: WorkerListener): ProcessHandle {
  const entry = import.meta.url.endsWith('.ts') ? './device-worker.ts' : './device-worker.js'
  const child = fork(new URL(entry, import.meta.url), [JSON.stringify(init)], {
    serialization: 'advanced',
    execArgv: [...process.execArgv, `--max-old-space-size=${String(MAX_HEAP_MIB)}`],
    env: { ...process.env, ...EXACT },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const exited = Promise.withResolvers<undefined>()
  let down = false
  const end = (reason: string): void => {
    if (!down) listener.down(reason)
    down = true
    exited.resolve(undefined)
  }
  child.on('message', (message) => {
    listener.report(message as WorkerReport)
  })
  child.once('error', (error) => {
    end(error.message)
  })
  child.once('exit', (code, signal) => {
    end(signal === null ? `exit code ${String(code)}` : `signal ${signal}`)
  })
  return {
    pid: child.pid,
    send(command) {
      if (child.connected) child.send(command, ignoreLate)
    },
    terminate: () => endProcess(child, exited.promise),
  }
}

async function endProcess(child: ChildProcess, exited: Promise<undefined>): Promise<void> {
  if (child.connected) child.send({ type: 'exit' } satisfies Exit, ignoreLate)
  const killing = setTimeout(() => child.kill('SIGKILL'), EXIT_MS)
  await exited
  clearTimeout(killing)
}

/** A process that has just ended cannot be told anything; its listener hears of its end. */
function ignoreLate(): void {
  return undefined
}
