import { DuckMeshError, ERROR_CODES } from '@duckmesh/protocols'
import type { ErrorCode } from '@duckmesh/protocols'
import { expect } from 'chai'
import { EXIT, exitCodeOf } from '../../src/cli/exit-codes.ts'

/** One code of each kind, and each that is an exception of its kind. */
const TABLE: [ErrorCode, number][] = [
  ['CONFIG_INVALID', 78],
  ['KEY_REFUSED', 77],
  ['STORE_LOCKED', 77],
  ['NO_PEERS', 69],
  ['CHAIN_UNREACHABLE', 69],
  ['PORT_IN_USE', 78],
  ['WRONG_CHAIN', 78],
  ['PROMPT_EMPTY', 64],
  ['MODEL_NOT_FOUND', 64],
  ['PRICE_ABOVE_CAP', 64],
  ['PROVIDER_UNAVAILABLE', 75],
  ['PROVIDER_BUSY', 75],
  ['PROVIDER_LOST', 75],
  ['TIMED_OUT', 75],
  ['CANCELLED', 1],
  ['MODEL_CORRUPT', 1],
  ['STORE_CORRUPT', 1],
  ['INTERNAL', 1],
]

describe('exitCodeOf', () => {
  for (const [code, exit] of TABLE) {
    it(`is ${exit} for ${code}`, () => {
      expect(exitCodeOf(new DuckMeshError(code, 'x'))).to.equal(exit)
    })
  }

  it('is never 0, and 75 only for what may work later', () => {
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
      const error = new DuckMeshError(code, 'x')
      const exit = exitCodeOf(error)
      expect(Object.values(EXIT), code).to.include(exit)
      if (exit === EXIT.tempFail) expect(error.retryable, code).to.equal(true)
    }
  })
})
