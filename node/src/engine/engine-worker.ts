/** The worker thread of one model: owns session and tokenizer, runs the scheduler, answers the host. */
import { parentPort, workerData } from 'node:worker_threads'
import { toPlainError } from './errors.ts'
import type { WorkerCommand, WorkerInit, WorkerReport } from './messages.ts'
import { loadModel } from './model/load-model.ts'
import { GenerationDesk } from './run/generation-desk.ts'
import { Outbox } from './run/outbox.ts'

/**
 * Entry of the engine's thread: one model, its tokenizer and all its generations. The runtime blocks
 * its thread while it computes, so nothing else may live here.
 */
async function main(folder: string): Promise<void> {
  const loaded = await loadModel(folder)
  const outbox = new Outbox(
    (events) => {
      report({ type: 'events', events })
    },
    () => performance.now(),
  )
  const desk = new GenerationDesk(loaded, outbox)
  parentPort?.on('message', (command: WorkerCommand) => {
    void desk.handle(command)
  })
  report({ type: 'ready', info: loaded.info })
}

function report(message: WorkerReport): void {
  parentPort?.postMessage(message)
}

const { folder } = workerData as WorkerInit
try {
  await main(folder)
} catch (error) {
  report({ type: 'loadFailed', error: toPlainError(error) })
}
