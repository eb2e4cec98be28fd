/** Tests: Pacer. */
import { expect } from 'chai'
import fc from 'fast-check'
import { Pacer } from '../../src/fetch/pacer.ts'

describe('Pacer', () => {
  it('lets the burst pass at once, then makes who took it wait for its rate', () => {
    const pacer = new Pacer({ bytesPerS: 1_000, burst: 3_000 })
    expect(pacer.waitMs('a', 3_000, 0)).to.equal(0)
    expect(pacer.take('a', 3_000, 0)).to.equal(true)
    expect(pacer.waitMs('a', 500, 0)).to.equal(500)
    expect(pacer.waitMs('b', 500, 0)).to.equal(0)
    expect(pacer.waitMs('a', 500, 400)).to.equal(100)
    expect(pacer.waitMs('a', 3_000, 3_000)).to.equal(0)
  })

  it('passes no more than burst + rate · time, however the bytes are cut', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 500 }), (cuts, pauseMs) => {
        const pacer = new Pacer({ bytesPerS: 1_000, burst: 1_000 })
        let now = 0
        let sent = 0
        for (const bytes of cuts) {
          now += pauseMs
          const wait = pacer.waitMs('a', bytes, now)
          pacer.take('a', bytes, now)
          // Sent when the wait is over, which the next request may come before.
          sent += bytes
          expect(sent).to.be.at.most(1_000 + now + wait + 1e-6)
        }
      }),
    )
  })

  it('refuses new callers while its table is full of those that owe, and has room again later', () => {
    const pacer = new Pacer({ bytesPerS: 1_000, burst: 1_000 })
    for (let i = 0; i < 4_096; i++) expect(pacer.take(String(i), 1_000, 0)).to.equal(true)
    expect(pacer.take('new', 1, 0)).to.equal(false)
    expect(pacer.take('7', 1, 0)).to.equal(true)
    expect(pacer.take('new', 1, 1_000)).to.equal(true)
  })
})
