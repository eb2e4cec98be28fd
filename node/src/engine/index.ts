export type { Threads } from './device/choose-threads.ts'
export type { Device } from './device/device.ts'
export { isSlower } from './device/device-report.ts'
export type { DeviceReport } from './device/device-report.ts'
export { EngineError } from './errors.ts'
export type { EngineErrorCode } from './errors.ts'
export { EngineHost } from './engine-host.ts'
export type { EngineInit, ModelFailure } from './engine-host.ts'
export type {
  ChatMessage,
  Classified,
  Encoded,
  EncodeRequest,
  EncoderTask,
  Encoding,
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
