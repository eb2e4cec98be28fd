import { expect } from 'chai'
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { CID } from 'multiformats/cid'
import { canonicalJson } from '../../../src/engine/model/canonical-json.ts'
import {
  encodeManifest,
  identifyManifest,
  loadManifest,
  MANIFEST_FILE,
  parseManifest,
} from '../../../src/engine/model/manifest.ts'
import { DUCKLING_SOURCE, temporaryFolder } from '../support/duckling.ts'
import { expectCode } from '../support/expect-code.ts'

describe('engine/model/manifest', () => {
  let json: Record<string, unknown>
  before(async () => {
    const text = await readFile(path.join(DUCKLING_SOURCE, MANIFEST_FILE), 'utf8')
    json = JSON.parse(text) as Record<string, unknown>
  })

  it('names a model by the hash of its canonical JSON', () => {
    const { cid, modelId } = identifyManifest(parseManifest(json))
    const encoded = encodeManifest(parseManifest(json))
    const digest = createHash('sha256').update(encoded).digest('hex')
    expect(modelId).to.equal(`0x${digest}`)
    expect(Buffer.from(CID.parse(cid).multihash.digest).toString('hex')).to.equal(digest)
    expect(CID.parse(cid).code).to.equal(0x0200)
  })

  it('gives the same name to another layout and order of the same fields', () => {
    const reversed = Object.fromEntries(Object.entries(json).reverse())
    expect(identifyManifest(parseManifest(reversed))).to.deep.equal(
      identifyManifest(parseManifest(json)),
    )
    expect(canonicalJson({ b: [1, { d: null, c: 'x' }], a: 0.0001 })).to.equal(
      '{"a":0.0001,"b":[1,{"c":"x","d":null}]}',
    )
  })

  it('gives another name when anything changes', () => {
    const before = identifyManifest(parseManifest(json)).cid
    expect(identifyManifest(parseManifest({ ...json, tolerance: 0.0002 })).cid).to.not.equal(before)
  })

  const badPaths = ['../x', '/etc/passwd', 'a/../b', 'a//b', '.hidden', 'a\\b', '', 'a/', 'a\0b']
  for (const bad of badPaths) {
    it(`refuses the path ${JSON.stringify(bad)}`, async () => {
      const files = [{ path: bad, size: 1, sha256: '0'.repeat(64) }]
      await expectCode('MODEL_MANIFEST_INVALID', () => parseManifest({ ...json, files }))
    })
  }

  it('refuses unknown fields, duplicate paths, other versions and non-objects', async () => {
    const [file] = json['files'] as object[]
    for (const bad of [
      { ...json, extra: true },
      { ...json, files: [file, file] },
      { ...json, version: 2 },
      { ...json, sampler: 2 },
      { ...json, calibration: [] },
      null,
      [],
    ]) {
      await expectCode('MODEL_MANIFEST_INVALID', () => parseManifest(bad))
    }
  })

  it('refuses a file that is missing, not JSON or too large', async () => {
    const { folder, remove } = await temporaryFolder()
    const file = path.join(folder, MANIFEST_FILE)
    await expectCode('MODEL_MANIFEST_INVALID', () => loadManifest(folder))
    await writeFile(file, '{')
    await expectCode('MODEL_MANIFEST_INVALID', () => loadManifest(folder))
    await writeFile(file, ' '.repeat(2 ** 20 + 1))
    await expectCode('MODEL_MANIFEST_INVALID', () => loadManifest(folder))
    await remove()
  })
})
