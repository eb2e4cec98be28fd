import { expect } from 'chai'
import { DuckMeshError } from '../../src/errors.ts'
import type { ErrorCode } from '../../src/error-codes.ts'

/** Runs `work` and expects it to throw or reject with a DuckMeshError of this code. */
export async function expectCode(code: ErrorCode, work: () => unknown): Promise<DuckMeshError> {
  let thrown: unknown
  try {
    await work()
  } catch (error) {
    thrown = error
  }
  expect(thrown, `expected ${code}`).to.be.instanceOf(DuckMeshError)
  const error = thrown as DuckMeshError
  expect(error.code, error.message).to.equal(code)
  return error
}
