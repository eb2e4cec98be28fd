import { expect } from 'chai'
import fc from 'fast-check'
import { StopMatcher } from '../../../src/engine/text/stop-matcher.ts'

function run(stops: string[], pieces: string[]): { text: string; stopped: boolean } {
  const matcher = new StopMatcher(stops)
  const text = pieces.map((piece) => matcher.push(piece)).join('')
  return { text: text + matcher.flush(), stopped: matcher.stopped }
}

describe('engine/text/stop-matcher', () => {
  it('keeps the text before the stop string and drops the rest', () => {
    expect(run(['END'], ['abcENDxyz', 'more'])).to.deep.equal({ text: 'abc', stopped: true })
  })

  it('finds a stop string across pieces', () => {
    expect(run(['END'], ['abE', 'N', 'D', 'x'])).to.deep.equal({ text: 'ab', stopped: true })
  })

  it('holds back only what may begin a stop string, and gives it when it does not', () => {
    const matcher = new StopMatcher(['END'])
    expect(matcher.push('abEN')).to.equal('ab')
    expect(matcher.push('T')).to.equal('ENT')
  })

  it('gives everything when no stop string is met', () => {
    expect(run(['zzz'], ['a', 'zz', 'b', 'z'])).to.deep.equal({ text: 'azzbz', stopped: false })
  })

  it('ends before the first of any stop strings, wherever pieces are cut', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 12 })
    const stops = fc.array(
      letters.filter((stop) => stop !== ''),
      { maxLength: 3 },
    )
    fc.assert(
      fc.property(stops, fc.array(letters), (all, pieces) => {
        const whole = pieces.join('')
        const ends = all.map((stop) => whole.indexOf(stop)).filter((end) => end >= 0)
        const { text, stopped } = run(all, pieces)
        expect(stopped).to.equal(ends.length > 0)
        if (!stopped) expect(text).to.equal(whole)
        else expect(whole.startsWith(text)).to.equal(true)
        expect(all.some((stop) => text.includes(stop))).to.equal(false)
      }),
    )
  })
})
