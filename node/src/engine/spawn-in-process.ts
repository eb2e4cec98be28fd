/** Runs a model in the calling thread instead of a worker's: for measurements and small tools. */
import { toPlainError } from './errors.ts'
import type { Ping, WorkerCommand, WorkerInit } from './messages.ts'
import type { WorkerHandle, WorkerListener } from './worker-handle.ts'

/**
 * A stand-in for spawnWorker. The runtime blocks the thread while it computes, so a node that talks to
 * others must not use it; the runtime is only loaded when this is called.
 */
export function spawnInProcess(init: WorkerInit, listener: WorkerListener): WorkerHandle {
  let ended = false
  const service = import('./serve-model.ts').then(({ serveModel }) =>
    serveModel(init, (message) => {
      if (!ended) listener.report(message)
    }),
  )
  service.catch((error: unknown) => {
    if (!ended) listener.report({ type: 'loadFailed', error: toPlainError(error) })
  })
  return {
    send(command: WorkerCommand | Ping) {
      void service.then((serving) => {
        if (!ended) serving.handle(command)
      })
    },
    async terminate() {
      ended = true
      await service.then((serving) => serving.release()).catch(() => undefined)
    },
  }
}
