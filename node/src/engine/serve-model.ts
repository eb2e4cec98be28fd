/** Loads one model and answers commands about it, in whatever thread this runs. */
import type { Ping, WorkerCommand, WorkerInit, WorkerReport } from './messages.ts'
import { loadModel } from './model/load-model.ts'
import { EncodeDesk } from './run/encode-desk.ts'
import { GenerationDesk } from './run/generation-desk.ts'
import { Outbox } from './run/outbox.ts'

/** A model that is being served. */
export interface ModelService {
  handle(command: WorkerCommand | Ping): void
  /** Frees the runtime's memory; nothing may be running. */
  release(): Promise<void>
}

/**
 * Reports `ready` once the model has passed its checks, then events. Throws what loadModel throws.
 */
export async function serveModel(
  { folder, ...place }: WorkerInit,
  report: (message: WorkerReport) => void,
): Promise<ModelService> {
  const loaded = await loadModel(folder, place)
  const outbox = new Outbox(
    (events) => {
      report({ type: 'events', events, counters: desk.counters })
    },
    () => performance.now(),
  )
  const desk: GenerationDesk | EncodeDesk =
    'encoder' in loaded ? new EncodeDesk(loaded, outbox) : new GenerationDesk(loaded, outbox)
  report({ type: 'ready', info: loaded.info })
  return {
    handle: (command) => {
      if (command.type === 'ping') report({ type: 'pong' })
      else void desk.handle(command)
    },
    release: () => ('encoder' in loaded ? loaded.encoder : loaded.model).release(),
  }
}
