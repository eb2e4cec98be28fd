/** The process of one model that runs on a device: does what the worker thread does for the processor. */
import { toPlainError } from '../errors.ts'
import type { Exit, Ping, WorkerCommand, WorkerInit, WorkerReport } from '../messages.ts'
import { serveModel } from '../serve-model.ts'
import type { ModelService } from '../serve-model.ts'

/** Entry of the process; its first argument is the WorkerInit as JSON. */
async function main(init: WorkerInit): Promise<void> {
  let service: ModelService | null = null
  process.on('message', (command: WorkerCommand | Ping | Exit) => {
    if (command.type === 'exit') process.exit(0)
    service?.handle(command)
  })
  service = await serveModel(init, report)
}

function report(message: WorkerReport): void {
  process.send?.(message)
}

// The node ends its models itself; Ctrl-C reaches the whole group of processes, and a node that is gone ends them too.
process.on('SIGINT', () => undefined)
process.on('disconnect', () => process.exit(0))
try {
  await main(JSON.parse(process.argv[2] ?? '{}') as WorkerInit)
} catch (error) {
  report({ type: 'loadFailed', error: toPlainError(error) })
}
