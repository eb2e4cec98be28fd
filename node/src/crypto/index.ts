export { EncKeyring } from './enc-keyring.ts'
export { NodeCrypto } from './node-crypto.ts'
export { OperatorSigner } from './operator-signer.ts'
export { NodePeerSigner } from './peer-signer.ts'
