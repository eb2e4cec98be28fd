export { EngineError } from './errors.ts'
export type { EngineErrorCode } from './errors.ts'
export { EngineHost } from './engine-host.ts'
export type { EngineInit, ModelFailure } from './engine-host.ts'
export type {
  ChatMessage,
  Classified,
  Encoded,
  EncodeRequest,
  Engine,
  EngineStats,
  Generation,
  GenerationRequest,
  ModelInfo,
  SamplerParams,
  StepEnd,
  TokenBatch,
} from './interface.ts'
export type { LoadedManifest, ModelManifest } from './model/manifest.ts'
export { ensurePackedModel } from './pack/pack-folder.ts'
export type { PackedModel } from './pack/pack-folder.ts'
export { spawnInProcess } from './spawn-in-process.ts'
