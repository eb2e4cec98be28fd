export { writeKeystore } from './keystore.ts'
export { loadOperatorKey } from './load-operator-key.ts'
export type { KeySource } from './load-operator-key.ts'
export { loadPeerKey } from './load-peer-key.ts'
