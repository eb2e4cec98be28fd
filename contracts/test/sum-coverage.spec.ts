import { expect } from 'chai'
import { sumCoverage } from '../sum-coverage.ts'

const report = `TN:
SF:contracts/src/A.sol
DA:3,10
DA:4,0
BRDA:5,0,0,2
BRDA:5,0,1,-
end_of_record
SF:contracts/test/B.sol
DA:1,0
end_of_record
SF:contracts/src/C.sol
DA:1,1
end_of_record
`

describe('sumCoverage', () => {
  it('adds up lines and branches of one folder', () => {
    const { branches, lines } = sumCoverage(report, 'contracts/src/')
    expect(lines).to.deep.equal({ found: 3, hit: 2 })
    expect(branches).to.deep.equal({ found: 2, hit: 1 })
  })

  it('says where nothing was run', () => {
    const { missing } = sumCoverage(report, 'contracts/src/')
    expect(missing).to.deep.equal(['contracts/src/A.sol:4', 'contracts/src/A.sol:5'])
  })
})
