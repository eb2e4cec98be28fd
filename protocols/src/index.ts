/** What every layer of the rules shares, and the domain types and helpers of the wire format. */
export { DuckMeshError, ERROR_CODES, isErrorCode, toDuckMeshError } from './errors.ts'
export type { DuckMeshErrorOptions, ErrorCode, Stage } from './errors.ts'
export type { Clock, Crypto, Logger, NetworkIdentity, PeerSigner, Rng } from './components.ts'
export type { ReplyKeys, Signer, Unsealer } from './components.ts'
export { recoverStruct, signStruct, structDigest } from './signed-struct.ts'
// Packages above see the wire format only through this list (layer rule: proto <- protocols).
export { bytesToHex, hexToBytes, isHex, lowerHex, networkName } from '@duckmesh/proto'
export { capsFrameCodec, jobFrameCodec, offerCodec, signedReceiptCodec } from '@duckmesh/proto'
export { signedVoucherCodec, tokenHash } from '@duckmesh/proto'
export type { CapsFrame, ChatMessage, ClientBinding, Envelope, Hello, Hex } from '@duckmesh/proto'
export type { JobFrame, JobSpec, ModelOffer, Offer, PeerBinding, Receipt } from '@duckmesh/proto'
export type { Sampling, Sealed, SignedReceipt, SignedVoucher, Voucher } from '@duckmesh/proto'
