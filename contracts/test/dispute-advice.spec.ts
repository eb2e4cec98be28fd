import { expect } from 'chai'
import type { AbiParameter } from 'viem'
import { jobDisputesAbi } from '../ts/abi/job-disputes.ts'
import { refereesAbi } from '../ts/abi/referees.ts'
import { signedFaultsAbi } from '../ts/abi/signed-faults.ts'
import { adviceFor } from '../ts/error-advice.ts'

/** Errors of libraries that no caller can bring about. */
const internal = new Set(['SafeCastOverflowedUintDowncast', 'SafeERC20FailedOperation'])

function sampleOf({ type }: AbiParameter): unknown {
  if (type === 'address') return `0x${'12'.repeat(20)}`
  if (type.startsWith('bytes')) return `0x${'34'.repeat(32)}`
  return type === 'uint8' ? 1 : 5n
}

describe('advice about disputes', () => {
  const errors = [...jobDisputesAbi, ...signedFaultsAbi, ...refereesAbi].filter(
    (entry) => entry.type === 'error' && !internal.has(entry.name),
  )
  for (const entry of errors) {
    if (entry.type !== 'error') continue
    it(`says what to do about ${entry.name}`, () => {
      const sentence = adviceFor(entry.name, entry.inputs.map(sampleOf))
      expect(sentence)
        .to.match(/^[A-Z0-9].*\.$/s)
        .and.not.contain('See its documentation')
      expect(sentence).to.not.match(/unknown|undefined|NaN|\[object/)
    })
  }

  it('covers every error that the contracts can give', () => {
    expect(errors.length).to.be.above(25)
  })
})
