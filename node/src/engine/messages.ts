import type { PlainEngineError } from './errors.ts'
import type { GenerationRequest, ModelInfo, StepEnd, TokenBatch } from './interface.ts'

/** What the worker is started with. */
export interface WorkerInit {
  /** Folder of the packed model. */
  readonly folder: string
}

/** From the main thread to the worker. generation numbers are chosen by the main thread. */
export type WorkerCommand =
  | { readonly type: 'open'; readonly generation: number; readonly request: GenerationRequest }
  | { readonly type: 'step'; readonly generation: number; readonly maxTokens: number }
  | { readonly type: 'close'; readonly generation: number }

/** What happened to one generation. */
export type GenerationEvent =
  | { readonly type: 'opened'; readonly generation: number; readonly tokensIn: number }
  | { readonly type: 'tokens'; readonly generation: number; readonly batch: TokenBatch }
  | { readonly type: 'stepEnd'; readonly generation: number; readonly end: StepEnd }
  | { readonly type: 'failed'; readonly generation: number; readonly error: PlainEngineError }

/** From the worker: the outcome of loading, once; then events, several to a message. */
export type WorkerReport =
  | { readonly type: 'ready'; readonly info: ModelInfo }
  | { readonly type: 'loadFailed'; readonly error: PlainEngineError }
  | { readonly type: 'events'; readonly events: readonly GenerationEvent[] }
