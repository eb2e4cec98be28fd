/** The rules of the fetch protocol's fields: what breaks one is refused by encode and by decode. */
import { expect } from 'chai'
import * as limits from '../../src/limits.ts'
import { blobs, fixed, notHex, range, testRefusals, texts } from '../support/refusals.ts'
import { uint32, uint64 } from '../support/refusals.ts'
import type { Refusal } from '../support/refusals.ts'
import { codecOf } from '../support/tamper.ts'

const id = (kind: string): Refusal[] => uint32(`fetchFrame.${kind}.id`)

const FRAMES: Refusal[] = [
  ...id('manifestRequest'),
  ...fixed('fetchFrame.manifestRequest.modelId', 32),
  ...notHex('fetchFrame.manifestRequest.modelId', 32),
  ...range('fetchFrame.manifestRequest.offset', -1, limits.MAX_MANIFEST_BYTES, 0.5),
  ...id('manifestPart'),
  ...range('fetchFrame.manifestPart.size', 0, limits.MAX_MANIFEST_BYTES + 1, 0.5),
  ...blobs('fetchFrame.manifestPart.bytes', 0, limits.MAX_BLOCK_BYTES + 1),
  ...id('piecesRequest'),
  ...fixed('fetchFrame.piecesRequest.sha256', 32),
  ...uint32('fetchFrame.piecesRequest.from'),
  ...id('pieceHashes'),
  ...uint64('fetchFrame.pieceHashes.size'),
  ...blobs('fetchFrame.pieceHashes.hashes', 0, 31, 33, 32 * (limits.MAX_PIECE_HASHES + 1)),
  ...id('blockRequest'),
  ...fixed('fetchFrame.blockRequest.sha256', 32),
  ...uint64('fetchFrame.blockRequest.offset'),
  ...range('fetchFrame.blockRequest.length', 0, limits.MAX_BLOCK_BYTES + 1, 0.5),
  ...id('block'),
  ...blobs('fetchFrame.block.bytes', 0, limits.MAX_BLOCK_BYTES + 1),
  ...id('refusal'),
  ...texts('fetchFrame.refusal.code', limits.MAX_CODE_BYTES, 1),
]

describe('codecs: refusals of the fetch protocol', () => {
  testRefusals(FRAMES)

  it('the largest block, page of hashes and part of a manifest fit a frame', () => {
    const codec = codecOf('fetchFrame')
    const bytes = new Uint8Array(limits.MAX_BLOCK_BYTES).fill(255)
    const hashes = new Uint8Array(32 * limits.MAX_PIECE_HASHES)
    for (const frame of [
      { kind: 'block', block: { id: limits.MAX_UINT32, bytes } },
      { kind: 'manifestPart', manifestPart: { id: 1, size: limits.MAX_MANIFEST_BYTES, bytes } },
      { kind: 'pieceHashes', pieceHashes: { id: 1, size: 2 ** 40, hashes } },
    ]) {
      expect(codec.decode(codec.encode(frame))).to.deep.equal(frame)
    }
  })
})
