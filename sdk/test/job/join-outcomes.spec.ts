import type { JobOutcome } from '@duckmesh/protocols/dispatch'
import { expect } from 'chai'
import { joinOutcomes } from '../../src/job/join-outcomes.ts'
import { JOB, segmentOutcome } from '../support/scripted-run.ts'

function outcome(over: Partial<JobOutcome> = {}): JobOutcome {
  return {
    jobId: JOB,
    state: 'finalized',
    segments: [],
    text: '',
    ids: [],
    finishReason: 'stop',
    paid: 0n,
    inDoubt: 0n,
    agreed: null,
    tokensIn: 0,
    states: [],
    nextSegment: 0,
    ...over,
  }
}

describe('joinOutcomes', () => {
  it('is the outcome itself when there is one', () => {
    const one = outcome({ text: 'x', paid: 3n, tokensIn: 4, segments: [segmentOutcome()] })
    expect(joinOutcomes([one])).to.deep.equal(one)
  })

  it('ends as the last one did, with the money and the segments of all', () => {
    const [first, second] = [segmentOutcome(), segmentOutcome({ segment: 1 })]
    const failure = { code: 'PROVIDER_LOST' as const, detail: 'Gone.' }
    const failed = outcome({
      state: 'failed',
      failure,
      segments: [first],
      paid: 3n,
      inDoubt: 5n,
      tokensIn: 9,
      nextSegment: 1,
    })
    const last = outcome({ text: 'Quack', ids: [1], segments: [second], paid: 4n, inDoubt: 1n })
    const joined = joinOutcomes([failed, { ...last, nextSegment: 2 }])
    expect(joined).to.deep.include({
      state: 'finalized',
      text: 'Quack',
      ids: [1],
      segments: [first, second],
      paid: 7n,
      inDoubt: 6n,
      nextSegment: 2,
      // Nobody counted the prompt in the last attempt.
      tokensIn: 9,
    })
    expect(joined).to.not.have.property('failure')
  })

  it('has nothing to say of a job without attempts', () => {
    expect(() => joinOutcomes([])).to.throw(TypeError)
  })
})
