/** The worker thread of one model: owns session and tokenizer, runs the scheduler, answers the host. */
import { parentPort, workerData } from 'node:worker_threads'
import { toPlainError } from './errors.ts'
import type { Exit, Ping, WorkerCommand, WorkerInit, WorkerReport } from './messages.ts'
import { shareNativeCalls } from './run/native-call.ts'
import { serveModel } from './serve-model.ts'
import type { ModelService } from './serve-model.ts'

/** What the handle adds to the supervisor's wishes. */
interface WorkerData extends WorkerInit {
  readonly nativeCalls: Int32Array<SharedArrayBuffer>
}

/**
 * Entry of the engine's thread: one model, its tokenizer and all its generations. The runtime blocks
 * its thread while it computes, so nothing else may live here.
 */
async function main({ nativeCalls, ...init }: WorkerData): Promise<void> {
  shareNativeCalls(nativeCalls)
  let service: ModelService | null = null
  parentPort?.on('message', (command: WorkerCommand | Ping | Exit) => {
    // Messages are heard between two runs only, so no native code is on the stack here.
    if (command.type === 'exit') process.exit(0)
    service?.handle(command)
  })
  service = await serveModel(init, report)
}

function report(message: WorkerReport): void {
  parentPort?.postMessage(message)
}

try {
  await main(workerData as WorkerData)
} catch (error) {
  report({ type: 'loadFailed', error: toPlainError(error) })
}
