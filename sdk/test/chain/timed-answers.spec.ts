import { expect } from 'chai'
import { TimedAnswers } from '../../src/chain/timed-answers.ts'
import { FakeClock } from '../support/fake-clock.ts'

describe('TimedAnswers', () => {
  const counter = (): (() => Promise<number>) => {
    let asked = 0
    return () => Promise.resolve(++asked)
  }

  it('reuses an answer for its time', async () => {
    const clock = new FakeClock()
    const answers = new TimedAnswers<number>(clock, 100)
    const ask = counter()
    expect([await answers.get('a', ask), await answers.get('a', ask)]).to.deep.equal([1, 1])
    await clock.advance(99)
    expect(await answers.get('a', ask)).to.equal(1)
    await clock.advance(1)
    expect(await answers.get('a', ask)).to.equal(2)
  })

  it('forgets a failure', async () => {
    const answers = new TimedAnswers<number>(new FakeClock(), 100)
    const failed = answers.get('a', () => Promise.reject(new Error('no')))
    expect(await failed.catch(() => 'failed')).to.equal('failed')
    expect(await answers.get('a', () => Promise.resolve(7))).to.equal(7)
  })

  it('keeps the newest 4 096', async () => {
    const answers = new TimedAnswers<number>(new FakeClock(), 100)
    const ask = counter()
    for (let i = 0; i <= 4_096; i++) await answers.get(String(i), ask)
    expect(await answers.get('4096', ask)).to.equal(4_097)
    expect(await answers.get('0', ask)).to.equal(4_098)
  })
})
