import { expect } from 'chai'
import { gasTable } from '../../../src/bench/gas/gas-table.ts'

describe('gasTable', () => {
  const table = gasTable({
    operations: [
      { name: 'cheap', gas: 40_000, goal: 41_000, floor: 32_000 },
      { name: 'dear', gas: 1_240_000, goal: 41_000, floor: 40_000 },
      { name: 'free', gas: 21_000, goal: null, floor: 21_000 },
    ],
    perJob: { seedFlow: 600_000, voucherBatch: 1_200, ratio: 500 },
    sizes: [
      { contract: 'Small', bytes: 15_999 },
      { contract: 'Large', bytes: 16_000 },
    ],
  })

  it('says which goals are met, and how far above the floor each is', () => {
    expect(table).to.contain('| cheap | 40 000 | 41 000 | met | 32 000 | 25 % |')
    expect(table).to.contain('| dear | 1 240 000 | 41 000 | NOT MET | 40 000 | 3000 % |')
    expect(table).to.contain('| free | 21 000 |  |  | 21 000 | 0 % |')
  })

  it('compares with the founding document', () => {
    expect(table).to.contain('| four transactions a job, as in the founding document | 600 000 |')
    expect(table).to.contain('| ratio | 500 |')
  })

  it('marks contracts that are not below 16 kB', () => {
    expect(table).to.contain('| Small | 15 999 |  |').and.contain('| Large | 16 000 | large |')
  })
})
