/** Tests: bucketOf and holderKey. */
import { expect } from 'chai'
import { bucketOf, holderKey } from '../../src/fetch/holder-key.ts'
import { sha256Hex } from './support/models.ts'

describe('holderKey', () => {
  const modelId = `0x${'3d'.repeat(32)}` as const
  const peerKey = `0x${'5e'.repeat(32)}` as const

  it('takes 0, 1 or 2 hex digits of the hash of a peer key as its bucket', async () => {
    const digits = sha256Hex(Buffer.from('5e'.repeat(32), 'hex'))
    for (const bits of [0, 4, 8]) {
      expect(await bucketOf(peerKey, bits)).to.equal(digits.slice(0, bits / 4))
    }
  })

  it('is another key for each network, model and bucket', async () => {
    const keys = await Promise.all([
      holderKey('31337-5fbdb231', modelId),
      holderKey('31337-5fbdb231', modelId, '0'),
      holderKey('31337-5fbdb231', modelId, '00'),
      holderKey('1-5fbdb231', modelId),
      holderKey('31337-5fbdb231', peerKey),
    ])
    expect(new Set(keys.map(String)).size).to.equal(keys.length)
    expect(String(keys[0])).to.equal(String(await holderKey('31337-5fbdb231', modelId, '')))
  })
})
