/** Refusals of the small helpers; their values are in vectors/hashes.json. */
import { expect } from 'chai'
import { firstChunkHash, nextChunkHash } from '../src/chunk-hash.ts'
import { networkName } from '../src/network-name.ts'
import { secretHash } from '../src/secret-hash.ts'
import { SHARDS, shardOf } from '../src/shard.ts'
import { specHash } from '../src/spec-hash.ts'
import { expectProtoError } from './support/expect-error.ts'
import type { Hex } from '../src/types.ts'

const hash: Hex = `0x${'01'.repeat(32)}`
const short: Hex = `0x${'01'.repeat(31)}`

describe('hash helpers', () => {
  it('chunk hashes refuse a segment that is no uint16 and hashes of another length', () => {
    for (const segment of [-1, 65_536, 0.5]) {
      expectProtoError(() => firstChunkHash(hash, segment), 'FIELD_OUT_OF_RANGE', 'segment')
    }
    expectProtoError(() => firstChunkHash(short, 0), 'MALFORMED_FRAME', 'jobId')
    expectProtoError(() => nextChunkHash(short, []), 'MALFORMED_FRAME', 'previous')
    expectProtoError(() => nextChunkHash(hash, [-1]), 'FIELD_OUT_OF_RANGE', 'ids[0]')
  })

  it('a spec needs a salt of 32 bytes', () => {
    expectProtoError(
      () => specHash(new Uint8Array(31), new Uint8Array()),
      'MALFORMED_FRAME',
      'salt',
    )
  })

  it('secrets are 32 bytes', () => {
    expectProtoError(() => secretHash(short, hash), 'MALFORMED_FRAME', 'draw')
    expectProtoError(() => secretHash(hash, short), 'MALFORMED_FRAME', 'audit')
  })

  it('a shard is one of 16, of a whole model id', () => {
    expect(SHARDS).to.equal(16)
    for (let first = 0; first < 256; first++) {
      const modelId = `0x${first.toString(16).padStart(2, '0')}${'00'.repeat(31)}` as Hex
      expect(shardOf(modelId)).to.equal(Math.floor(first / 16))
    }
    expectProtoError(() => shardOf(short), 'MALFORMED_FRAME', 'modelId')
  })

  it('a network name needs a chain id and an address', () => {
    for (const chainId of [0, -1, 0.5, Number.NaN]) {
      expectProtoError(() => networkName(chainId, `0x${'01'.repeat(20)}`), 'FIELD_OUT_OF_RANGE')
    }
    expectProtoError(() => networkName(1, hash), 'MALFORMED_FRAME', 'registry')
    expectProtoError(() => networkName(1, 'duck'), 'MALFORMED_FRAME')
  })
})
