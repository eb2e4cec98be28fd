import { execFileSync } from 'node:child_process'
import { expect } from 'chai'

/** Runs in a fresh process where Buffer is gone before the package loads, as in a browser. */
const SCRIPT = `
  delete globalThis.Buffer
  const proto = await import(${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)})
  const frame = { kind: 'ping', ping: { nonce: 5, pong: true } }
  const decoded = proto.jobFrameCodec.decode(proto.jobFrameCodec.encode(frame))
  const text = { kind: 'cancel', cancel: { jobId: '0x' + '01'.repeat(32), segment: 1, reason: 'ü' } }
  const again = proto.jobFrameCodec.decode(proto.jobFrameCodec.encode(text))
  console.log(JSON.stringify([decoded, again.cancel.reason, typeof Buffer]))
`

describe('browser safety', () => {
  it('codecs work where there is no Buffer', () => {
    const args = ['--conditions=@duckmesh/source', '--input-type=module', '--eval', SCRIPT]
    const output = execFileSync(process.execPath, args, { encoding: 'utf8' })
    const expected = [{ kind: 'ping', ping: { nonce: 5, pong: true } }, 'ü', 'undefined']
    expect(JSON.parse(output)).to.deep.equal(expected)
  })
})
