export type {
  BlobRef,
  BlobSink,
  BlobSource,
  FetchAnswer,
  FetchPort,
  FetchQuery,
} from './interface.ts'
export type { HolderSearch, IncomingBlob, PullEvent, Sha256, TakenManifest } from './interface.ts'
export type { PullModelComponents, PullModelInit } from './pull-model.ts'
export type { FetchServerComponents, FetchServerInit } from './wire/fetch-server.ts'
export { BUCKET_BITS, KEY_HOLDERS } from './constants.ts'
export { bucketOf, holderKey } from './holder-key.ts'
export { pullModel } from './pull-model.ts'
export { FetchClient } from './wire/fetch-client.ts'
export { FetchServer } from './wire/fetch-server.ts'
