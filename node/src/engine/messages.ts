/** What the main thread and a worker say to each other. */
import type { Threads } from './device/choose-threads.ts'
import type { Device } from './device/device.ts'
import type { PlainEngineError } from './errors.ts'
import type { GenerationRequest, ModelInfo, StepEnd, TokenBatch } from './interface.ts'

/** What the worker is started with. */
export interface WorkerInit {
  /** Folder of the packed model. */
  readonly folder: string
  /** Of one run of the graph. */
  readonly threads: Threads
  readonly device: Device
}

/**
 * From the main thread to the worker. generation numbers are chosen by the main thread; an encode
 * request has one too, and its steps count texts.
 */
export type WorkerCommand =
  | { readonly type: 'open'; readonly generation: number; readonly request: GenerationRequest }
  | { readonly type: 'step'; readonly generation: number; readonly maxTokens: number }
  | { readonly type: 'encode'; readonly generation: number; readonly texts: readonly string[] }
  | { readonly type: 'close'; readonly generation: number }

/** Asks the worker to end itself. */
export interface Exit {
  readonly type: 'exit'
}

/** Asks the worker whether it is there; answered between two runs of the graph. */
export interface Ping {
  readonly type: 'ping'
}

/** What happened to one generation or encode request. */
export type GenerationEvent =
  | { readonly type: 'opened'; readonly generation: number; readonly tokensIn: number }
  | { readonly type: 'tokens'; readonly generation: number; readonly batch: TokenBatch }
  | { readonly type: 'stepEnd'; readonly generation: number; readonly end: StepEnd }
  | {
      readonly type: 'encoded'
      readonly generation: number
      readonly outputs: readonly Float32Array[]
    }
  | { readonly type: 'failed'; readonly generation: number; readonly error: PlainEngineError }

/** What a worker has done since it started. */
export interface WorkerCounters {
  readonly decodeRuns: number
  readonly decodedTokens: number
  /** Time of these runs and of choosing their tokens, ms. */
  readonly decodeMs: number
  readonly prefixHitTokens: number
}

/** From the worker: the outcome of loading, once; then events, several to a message. */
export type WorkerReport =
  | { readonly type: 'ready'; readonly info: ModelInfo }
  | { readonly type: 'loadFailed'; readonly error: PlainEngineError }
  | { readonly type: 'pong' }
  | {
      readonly type: 'events'
      readonly events: readonly GenerationEvent[]
      readonly counters: WorkerCounters
    }
