/** Makes the identity of a peer before it runs: its owner registers the key on chain first. */
import type { Hex } from '@duckmesh/protocols'
import { NodePeerSigner } from '../crypto/index.ts'
import { loadPeerKey } from '../keys/index.ts'
import { DataDir } from '../storage/index.ts'

/** Creates the data folder and its peer key when missing; resolves to the 32-byte Ed25519 key. */
export async function preparePeerKey(dataDir: string): Promise<Hex> {
  const dir = await DataDir.open(dataDir)
  return new NodePeerSigner(await loadPeerKey(dir.peerKeyFile)).peerKey
}
