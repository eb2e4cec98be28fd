/** Tests: chooseThreads. */
import { expect } from 'chai'
import { chooseThreads, MAX_THREADS } from '../../../src/engine/device/choose-threads.ts'

const MIB = 1024 * 1024

describe('engine/device/choose-threads', () => {
  it('takes what was asked for', () => {
    expect(chooseThreads(3, 0, 1)).to.equal(3)
  })

  it('gives a small model one thread, a larger one more, and leaves a core free', () => {
    expect(chooseThreads('auto', 7 * MIB, 16)).to.equal(1)
    expect(chooseThreads('auto', 100 * MIB, 16)).to.equal(7)
    expect(chooseThreads('auto', 4000 * MIB, 16)).to.equal(15)
    expect(chooseThreads('auto', 4000 * MIB, 2)).to.equal(1)
    expect(chooseThreads('auto', 4000 * MIB, 1)).to.equal(1)
    expect(chooseThreads('auto', 1e15, 1e6)).to.equal(MAX_THREADS)
  })

  it('chooses by the machine when no number of cores is given', () => {
    expect(chooseThreads('auto', 0)).to.equal(1)
  })
})
