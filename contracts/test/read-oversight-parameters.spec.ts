import { expect } from 'chai'
import { readOversightParameters } from '../script/read-oversight-parameters.ts'
import { PUBLIC_DISPUTES, PUBLIC_VOTING } from '../ts/parameters.ts'

describe('parameters of disputes and votes in a file', () => {
  it('are left to the deployment when the file says nothing', () => {
    expect(readOversightParameters({})).to.deep.equal({})
  })

  it('are as on a public network where the file says nothing of one', () => {
    const read = readOversightParameters({
      disputeParameters: { committee: 5, quorum: '3', bond: '7000000000000000000' },
      voting: { timelock: 200 },
    })
    expect(read).to.deep.equal({
      disputeParameters: { ...PUBLIC_DISPUTES, committee: 5, quorum: 3, bond: 7n * 10n ** 18n },
      voting: { ...PUBLIC_VOTING, timelock: 200n },
    })
  })

  for (const [what, group] of [
    ['an unknown name', { comittee: 5 }],
    ['a fraction', { committee: 0.5 }],
    ['a word', { committee: 'five' }],
    ['a negative number', { quorum: -1 }],
  ] as const) {
    it(`refuses ${what}`, () => {
      const read = (): unknown => readOversightParameters({ disputeParameters: { ...group } })
      expect(read).to.throw().with.property('code', 'PARAMETERS_INVALID')
    })
  }
})
