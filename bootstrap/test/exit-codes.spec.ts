import { DuckMeshError } from '@duckmesh/protocols'
import type { ErrorCode } from '@duckmesh/protocols'
import { expect } from 'chai'
import { exitCodeOf } from '../src/exit-codes.ts'

describe('exitCodeOf', () => {
  const table: [ErrorCode, number][] = [
    ['CONFIG_INVALID', 78],
    ['PORT_IN_USE', 78],
    ['STORE_LOCKED', 77],
    ['STORE_CORRUPT', 69],
    ['INTERNAL', 69],
  ]
  for (const [code, exit] of table) {
    it(`is ${exit} for ${code}`, () => {
      expect(exitCodeOf(new DuckMeshError(code, 'x'))).to.equal(exit)
    })
  }
})
