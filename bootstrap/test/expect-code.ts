import { DuckMeshError } from '@duckmesh/protocols'
import type { ErrorCode } from '@duckmesh/protocols'
import { expect } from 'chai'

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
