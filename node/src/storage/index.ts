export { DataDir } from './data-dir.ts'
export type { MetaStore, NodeStore } from './interface.ts'
export { openNodeStore } from './open-node-store.ts'
