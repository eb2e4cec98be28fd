/** The DuckMesh SDK: a light client for Node and browsers. */
export { createLightClient } from './create-light-client.ts'
export type { LightClientOptions } from './create-light-client.ts'
export type { ClientHealth, LightClient } from './light-client.ts'
export { DuckMeshClient, VerificationMode } from './duckmesh-client.ts'
export type { InferenceResult, InferenceSpec, JobStatus } from './duckmesh-client.ts'
export type { JobHandle, JobResult } from './job/job-handle.ts'
export type { JobEvent } from './job/interface.ts'
export type { JobOptions, JobRequest } from './job/request.ts'
export type { ChatCompletion, ChatCompletionChunk, ChatCompletionRequest } from './openai/types.ts'
export type { Funds } from './chain/chain-reader.ts'
export { ChainReader } from './chain/chain-reader.ts'
export { identityOf } from './network.ts'
export type { NetworkConfig } from './network.ts'
export {
  completionOf,
  finishChunk,
  firstChunk,
  textChunk,
  usageChunk,
} from './openai/completion.ts'
export type { CompletionHead } from './openai/completion.ts'
export { toJobRequest } from './openai/job-request.ts'
export { createMemoryStore } from './store/memory-store.ts'
export type { ClientStore } from './store/memory-store.ts'
export type { JobTranscript, TranscriptStore } from './store/transcripts.ts'
export { hpkeKeyPair, hpkeOpen, hpkeSeal } from './crypto/hpke-seal.ts'
export { rememberRecovery } from './crypto/remember-recovery.ts'
export { HpkeReplyKeys } from './crypto/reply-keys.ts'
export type { ReplyKeyMath } from './crypto/reply-keys.ts'
export type { ClientCrypto } from './crypto/client-crypto.ts'
export { SdkCrypto } from './crypto/sdk-crypto.ts'
export { silentLogger } from './silent-logger.ts'
export { endAll } from './end-all.ts'
export { systemClock } from './system-clock.ts'
export { timeLimit } from './time-limit.ts'
export type { TimeLimit } from './time-limit.ts'
export { DuckMeshError } from '@duckmesh/protocols'
