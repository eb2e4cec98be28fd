export { DataDir } from './data-dir.ts'
export type { MetaStore, NodeStore, RecordKind, RecordStore } from './interface.ts'
export { openNodeStore } from './open-node-store.ts'
