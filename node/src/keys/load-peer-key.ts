import { DuckMeshError } from '@duckmesh/protocols'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import { readPrivateFile, writePrivateFile } from '../storage/private-file.ts'

/**
 * The Ed25519 key behind the peer id, made at first and kept in a file of mode 0600 (libp2p's protobuf in
 * base64). Rejects with STORE_CORRUPT when the file holds no such key, KEY_REFUSED when others may read it.
 */
export async function loadPeerKey(path: string): Promise<Ed25519PrivateKey> {
  const content = await readPrivateFile(path)
  if (content !== undefined) return parse(path, content)
  const key = await generateKeyPair('Ed25519')
  await writePrivateFile(path, `${Buffer.from(privateKeyToProtobuf(key)).toString('base64')}\n`)
  return key
}

function parse(path: string, content: Buffer): Ed25519PrivateKey {
  try {
    const key = privateKeyFromProtobuf(Buffer.from(content.toString('utf8'), 'base64'))
    if (key.type === 'Ed25519') return key
  } catch {
    // Told below, without the cause: it may quote the key.
  }
  throw new DuckMeshError('STORE_CORRUPT', `${path} holds no Ed25519 key.`, { details: { path } })
}
